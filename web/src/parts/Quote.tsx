import type { Message } from "hubbub-client";
import { useEffect } from "preact/hooks";
import { mention } from "../lib/changes";
import { shownEvents } from "../state/acting";
import { messageIn } from "../state/conversation";
import { jumpTo } from "../state/jump";
import { originalOf, seekOriginal } from "../state/originals";
import { displayName } from "../state/people";
import { Icon } from "./Icon";

/** What is quoted of a message: one line. */
const QUOTED_MAX = 140;

/** The message that is answered; undefined: not read yet; null: it can't be. */
export function useOriginal(room: string, seq: number): Message | null | undefined {
  const held = messageIn(shownEvents.value, seq);
  const read = originalOf(room, seq);
  useEffect(() => {
    if (held === null) void seekOriginal(room, seq);
  }, [room, seq, held === null]);
  return held ?? read;
}

/** What a message answers. A click leads there, however far up it is. */
export function Quote({ room, seq }: { room: string; seq: number }) {
  const original = useOriginal(room, seq);
  const deleted = original?.state?.deleted === true;
  const who = original ? displayName(original.sender) : "";
  return (
    <button type="button" class={`quote ${deleted ? "quote-gone" : ""}`} onClick={() => jumpTo(room, seq)}>
      <Icon name="reply" size={14} />
      <span class="sr-only">In reply to </span>
      {original === undefined && <span class="bone quote-bone" aria-hidden="true" />}
      {original === null && <span class="quote-text">a message that could not be loaded</span>}
      {original && (
        <>
          <strong dir="auto">{who}</strong>
          <span class="quote-text" dir="auto">
            {mention(original, QUOTED_MAX)}
          </span>
        </>
      )}
    </button>
  );
}
