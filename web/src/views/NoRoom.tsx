import { EmptyPicture } from "../parts/EmptyPicture";
import { dialog, openDialog } from "../state/dialogs";
import { FIRST_ROOM, rooms, roomsLoaded } from "../state/rooms";
import { Directory } from "./Directory";

/** Home: no room is open. Who is in none yet finds here where to go. */
export function NoRoom() {
  const newcomer = roomsLoaded.value && rooms.value.size === 0;
  const browsing = dialog.value === "browse"; // the same list, in front of this one
  return (
    <div class="empty">
      <EmptyPicture />
      <h1>Pull up a chair</h1>
      {newcomer ? (
        !browsing && <Newcomer />
      ) : (
        <>
          <p>
            Choose one of your rooms, look around for another one, or open a new room for what you have on
            your mind.
          </p>
          <div class="empty-actions">
            <button type="button" class="button button-main" onClick={() => openDialog("new-room")}>
              Create a room
            </button>
            <button type="button" class="button" onClick={() => openDialog("browse")}>
              Browse rooms
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function Newcomer() {
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
