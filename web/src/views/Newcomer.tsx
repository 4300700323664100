import { dialog, openDialog } from "../state/dialogs";
import { FIRST_ROOM } from "../state/rooms";
import { Directory } from "./Directory";

/** For who is in no room yet: where to go. */
export function Newcomer() {
  if (dialog.value === "browse") return null; // the same list, in front of this one
  return (
    <section class="newcomer" aria-label="Rooms of this server">
      <Directory lead={<p>You are in no room yet. These are open to you:</p>}>
        <p>This server has no room yet. Open the first one: whoever comes next finds it here.</p>
        <div class="empty-actions">
          <button
            type="button"
            class="button button-main"
            onClick={() => openDialog("new-room", { title: FIRST_ROOM })}
          >
            Create the first room
          </button>
        </div>
      </Directory>
    </section>
  );
}
