import type { Message } from "hubbub-client";
import { mention } from "../../lib/changes";
import { Dialog } from "../../parts/Dialog";
import { Icon, type IconName } from "../../parts/Icon";
import { reply } from "../../parts/Tools";
import { canDelete, isMine, startEdit, toggleReaction } from "../../state/acting";
import { closeDialog, nextDialog } from "../../state/dialogs";
import { quickEmoji } from "../../state/emoji";
import { notify } from "../../state/notices";
import { displayName } from "../../state/people";

/** All that can be done with a message: a sheet at the lower edge of a phone. */
export function MessageActions({ message }: { message: Message }) {
  const { seq, state } = message;
  const then = (act: () => void) => () => {
    closeDialog();
    act();
  };
  return (
    <Dialog title={isMine(message) ? "Your message" : displayName(message.sender)} class="dialog-sheet">
      <p class="mentioned" dir="auto">
        {mention(message, 120)}
      </p>
      <ul class="sheet-emoji" aria-label="Reactions">
        {quickEmoji.value.slice(0, 6).map((emoji) => (
          <li key={emoji}>
            <button
              type="button"
              class="sheet-quick"
              aria-label={`React with ${emoji}`}
              aria-pressed={
                state?.reactions?.some((one) => one.emoji === emoji && one.mine === true) === true
              }
              onClick={then(() => toggleReaction(message, emoji))}
            >
              {emoji}
            </button>
          </li>
        ))}
      </ul>
      <ul class="sheet">
        <Item icon="smile" text="Add a reaction" onClick={() => nextDialog("react", { seq })} focus />
        <Item icon="reply" text="Reply" onClick={then(() => setTimeout(() => reply(message)))} />
        {isMine(message) && <Item icon="edit" text="Edit" onClick={then(() => startEdit(message))} />}
        <Item icon="copy" text="Copy text" onClick={then(() => void copy(message.text ?? ""))} />
        {(state?.reactions?.length ?? 0) > 0 && (
          <Item icon="people" text="Who reacted" onClick={() => nextDialog("reactions", { seq })} />
        )}
        {state?.edited_ts != null && (
          <Item icon="clock" text="Earlier versions" onClick={() => nextDialog("versions", { seq })} />
        )}
        {canDelete(message) && (
          <Item icon="trash" text="Delete" onClick={() => nextDialog("delete", { seq })} danger />
        )}
      </ul>
    </Dialog>
  );
}

interface ItemProps {
  icon: IconName;
  text: string;
  onClick: () => void;
  danger?: boolean;
  focus?: boolean;
}

function Item({ icon, text, onClick, danger = false, focus = false }: ItemProps) {
  return (
    <li>
      <button
        type="button"
        class={`sheet-item ${danger ? "sheet-danger" : ""}`}
        data-autofocus={focus ? "" : undefined}
        onClick={onClick}
      >
        <Icon name={icon} />
        {text}
      </button>
    </li>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    notify("The browser did not allow to copy the text.");
  }
}
