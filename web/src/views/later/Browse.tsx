import { Dialog } from "../../parts/Dialog";
import { openDialog } from "../../state/dialogs";
import { Directory } from "../Directory";

export function Browse() {
  return (
    <Dialog title="Browse rooms" lead="All rooms of this server. Step into any of them." class="dialog-tall">
      <Directory>
        <div class="browse-empty">
          <p>There is no room yet. Yours could be the first.</p>
          <button type="button" class="button button-main" onClick={() => openDialog("new-room")}>
            Create a room
          </button>
        </div>
      </Directory>
    </Dialog>
  );
}
