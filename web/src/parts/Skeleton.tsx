import type { ComponentChildren } from "preact";
import { coming } from "../state/connection";

/**
 * Grey shapes in the place of what is being loaded. Screen readers hear the label instead. While there is no connection
 * nothing is being loaded, and words say so.
 */
export function MessageSkeleton({ label }: { label: string }) {
  return (
    <Loading class="skeletons" label={label} missing="These messages are not loaded yet.">
      {[72, 48, 86, 40, 64].map((width) => (
        <div key={width} class="skeleton-message" aria-hidden="true">
          <span class="bone bone-avatar" />
          <span class="bone-lines">
            <span class="bone bone-short" />
            <span class={`bone bone-${width}`} />
          </span>
        </div>
      ))}
    </Loading>
  );
}

export function RoomSkeleton({ label = "Loading your rooms" }: { label?: string }) {
  return (
    <Loading class="skeleton-rooms" label={label} missing="The rooms are not loaded yet.">
      {[64, 86, 48, 72].map((width) => (
        <span key={width} class={`bone bone-room bone-${width}`} aria-hidden="true" />
      ))}
    </Loading>
  );
}

interface Props {
  class: string;
  label: string;
  /** What is not known, as a sentence. */
  missing: string;
  children: ComponentChildren;
}

function Loading({ class: name, label, missing, children }: Props) {
  return (
    <div class={name} role="status">
      {coming.value ? (
        <>
          <span class="sr-only">{label}</span>
          {children}
        </>
      ) : (
        <p class="not-loaded">{missing} They come as soon as the server can be reached.</p>
      )}
    </div>
  );
}
