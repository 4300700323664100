import { EmptyPicture } from "../parts/EmptyPicture";
import { openDialog } from "../state/dialogs";
import { onePane } from "../state/panel";
import { rooms, roomsLoaded } from "../state/rooms";
import { Newcomer } from "./Newcomer";

/** Home: no room is open. Who is in none yet finds here where to go. */
export function NoRoom() {
  if (onePane.value) return null; // a phone shows the list of rooms
  const newcomer = roomsLoaded.value && rooms.value.size === 0;
  return (
    <div class="empty">
      <EmptyPicture />
      <h1>Pull up a chair</h1>
      {newcomer ? (
        <Newcomer />
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
