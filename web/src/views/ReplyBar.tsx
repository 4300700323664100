import { mention } from "../lib/changes";
import { Icon } from "../parts/Icon";
import { useOriginal } from "../parts/Quote";
import { endReply } from "../state/acting";
import { displayName } from "../state/people";

/** Above the message field: which message is being answered. */
export function ReplyBar({ room, seq }: { room: string; seq: number }) {
  const original = useOriginal(room, seq);
  return (
    <p class="reply-bar">
      <Icon name="reply" size={16} />
      <span class="reply-text" dir="auto">
        Replying to <strong>{original ? displayName(original.sender) : "a message"}</strong>
        {original && <span class="quote-text">{mention(original, 140)}</span>}
      </span>
      <button type="button" class="icon-button" aria-label="Do not reply" onClick={() => endReply(room)}>
        <Icon name="close" size={16} />
      </button>
    </p>
  );
}
