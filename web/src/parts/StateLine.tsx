import { retryNow, words } from "../state/connection";
import { sessionEnded } from "../state/session";

/** How this page is connected and what is being sent, always on the screen. `live`: the one that is read aloud. */
export function StateLine({ live = true }: { live?: boolean }) {
  const { tone, text, action } = words.value;
  // A countdown must not be read out every second: screen readers get the sentence without the number.
  const spoken = text.replace(/ in \d+ s$/, "").replace(/^Sending \d+…$/, "Sending");
  return (
    <div class={`state-line state-${tone}`} data-testid="state-line">
      <span class="state-dot" aria-hidden="true" />
      <span aria-hidden={live ? "true" : undefined}>{text}</span>
      {live && (
        <span class="sr-only" role="status">
          {spoken}
        </span>
      )}
      {action === "retry" && (
        <button type="button" class="link" onClick={retryNow}>
          Try now
        </button>
      )}
      {action === "signin" && (
        <button type="button" class="link" onClick={sessionEnded}>
          Sign in
        </button>
      )}
    </div>
  );
}
