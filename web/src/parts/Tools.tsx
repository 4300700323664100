import type { Message } from "hubbub-client";
import { mention } from "../lib/changes";
import { isMine, startEdit, startReply, toggleReaction } from "../state/acting";
import { openDialog } from "../state/dialogs";
import { quickEmoji } from "../state/emoji";
import { displayName } from "../state/people";
import { Icon, type IconName } from "./Icon";

/** So many reactions at one click. */
const QUICK_SHOWN = 3;

/** What can be done with a message, at its upper edge while the pointer or the focus is on it. */
export function Tools({ message }: { message: Message }) {
  const whose = isMine(message) ? "your message" : `${displayName(message.sender)}’s message`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: no form's fieldset, but a group of buttons
    <div class="tools" role="group" aria-label={`Actions for ${whose}: ${mention(message, 40)}`}>
      {quickEmoji.value.slice(0, QUICK_SHOWN).map((emoji) => (
        <button
          key={emoji}
          type="button"
          class="tool tool-emoji"
          aria-label={`React with ${emoji}`}
          onClick={() => toggleReaction(message, emoji)}
        >
          {emoji}
        </button>
      ))}
      <Tool icon="smile" label="Add a reaction" onClick={() => openDialog("react", { seq: message.seq })} />
      <Tool icon="reply" label="Reply" onClick={() => reply(message)} />
      {isMine(message) && <Tool icon="edit" label="Edit" onClick={() => startEdit(message)} />}
      <Tool icon="more" label="More actions" onClick={() => openDialog("message", { seq: message.seq })} />
    </div>
  );
}

/** The next message answers this one. */
export function reply(message: Message): void {
  startReply(message);
  document.getElementById("composer")?.focus();
}

function Tool({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" class="tool" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} size={18} />
    </button>
  );
}
