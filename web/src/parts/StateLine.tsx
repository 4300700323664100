import { useId, useRef } from "preact/hooks";
import { connectionDetails } from "../lib/wording";
import { connected, connection, retryNow, words } from "../state/connection";
import { sessionEnded } from "../state/session";

/** How this page is connected and what is being sent, always on the screen. `live`: the one that is read aloud. */
export function StateLine({ live = true }: { live?: boolean }) {
  const { tone, text, hint, action } = words.value;
  // A countdown must not be read out every second: screen readers get the sentence without the number.
  const spoken = text.replace(/ in \d+ s$/, "").replace(/^Sending \d+…$/, "Sending");
  return (
    <div class={`state-line state-${tone}`} data-testid="state-line">
      <span class="state-dot" aria-hidden="true" />
      {connected.value ? (
        <Connected text={text} hint={hint} />
      ) : (
        <span aria-hidden={live ? "true" : undefined}>{text}</span>
      )}
      {live && (
        <span class="sr-only" role="status">
          {hint ? `${spoken}. ${hint}.` : spoken}
        </span>
      )}
      {action === "retry" && (
        <button type="button" class="link" onClick={retryNow}>
          Try now
        </button>
      )}
      {action === "signin" && (
        <button
          type="button"
          class="link"
          onClick={() => sessionEnded(connection.value.error?.message ?? "")}
        >
          Sign in
        </button>
      )}
    </div>
  );
}

/** The words while there is a connection; a click tells more about it. */
function Connected({ text, hint }: { text: string; hint: string }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const card = useRef<HTMLDivElement>(null);
  /** Above the words, and within the window. */
  const place = (): void => {
    if (button.current === null || card.current === null) return;
    const { left, top } = button.current.getBoundingClientRect();
    const { style, offsetWidth } = card.current;
    style.left = `${Math.max(8, Math.min(left, innerWidth - offsetWidth - 8))}px`;
    style.bottom = `${innerHeight - top + 8}px`;
  };
  return (
    <>
      <button ref={button} type="button" class="state-words" popovertarget={id}>
        <span>{text}</span>
        {hint && <span class="state-hint">{hint}</span>}
      </button>
      <div ref={card} id={id} class="state-card" popover="auto" onToggle={place}>
        <h2>How this page is connected</h2>
        <dl>
          {connectionDetails(connection.value).map(([term, what]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        {hint && (
          <p>Nothing is lost by this. A better way is tried from time to time and taken when it opens.</p>
        )}
      </div>
    </>
  );
}
