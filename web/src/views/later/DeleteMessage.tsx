import type { Message } from "hubbub-client";
import { mention } from "../../lib/changes";
import { Dialog } from "../../parts/Dialog";
import { deleteMessage, isMine } from "../../state/acting";
import { closeDialog } from "../../state/dialogs";
import { displayName } from "../../state/people";

export function DeleteMessage({ message }: { message: Message }) {
  const whose = isMine(message) ? "this message" : `${displayName(message.sender)}’s message`;
  return (
    <Dialog
      title={`Delete ${whose}?`}
      lead="Its text and its reactions are gone for everyone. This can’t be undone."
    >
      <blockquote class="mentioned" dir="auto">
        {mention(message, 300)}
      </blockquote>
      <div class="form-actions">
        <button type="button" class="button" data-autofocus="" onClick={closeDialog}>
          Keep it
        </button>
        <button
          type="button"
          class="button button-danger"
          onClick={() => {
            closeDialog();
            deleteMessage(message);
          }}
        >
          Delete message
        </button>
      </div>
    </Dialog>
  );
}
