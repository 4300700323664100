import type { Message, Reaction } from "hubbub-client";
import { reactedBy } from "../lib/changes";
import { toggleReaction } from "../state/acting";
import { openDialog } from "../state/dialogs";
import { displayName } from "../state/people";
import { me } from "../state/session";
import { Icon } from "./Icon";
import { usePress } from "./usePress";

/** The reactions to a message, with who reacted on hover, focus and long press. */
export function Reactions({ message }: { message: Message }) {
  const reactions = message.state?.reactions ?? [];
  if (reactions.length === 0) return null;
  return (
    <ul class="reactions" aria-label="Reactions">
      {reactions.map((reaction) => (
        <li key={reaction.emoji}>
          <Chip message={message} reaction={reaction} />
        </li>
      ))}
      <li>
        <button
          type="button"
          class="chip chip-add"
          aria-label="Add a reaction"
          onClick={() => openDialog("react", { seq: message.seq })}
        >
          <Icon name="smile" size={16} />
        </button>
      </li>
    </ul>
  );
}

function Chip({ message, reaction }: { message: Message; reaction: Reaction }) {
  const { emoji, count, mine = false } = reaction;
  const who = reactedBy(reaction, me.value?.name ?? "", displayName);
  const press = usePress(() => openDialog("reactions", { seq: message.seq }));
  return (
    <button
      type="button"
      class="chip"
      aria-pressed={mine}
      aria-label={`${emoji} ${count}: ${who}`}
      onClick={() => toggleReaction(message, emoji)}
      {...press}
    >
      <span class="chip-emoji">{emoji}</span>
      <span class="chip-count">{count}</span>
      <span class="tip" aria-hidden="true" dir="auto">
        <span class="tip-emoji">{emoji}</span>
        <span>{who}</span>
      </span>
    </button>
  );
}
