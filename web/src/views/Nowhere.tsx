import type { RoomEntry } from "hubbub-client";
import { useEffect, useState } from "preact/hooks";
import { slugOf } from "../lib/slug";
import { BackButton } from "../parts/BackButton";
import { EmptyPicture } from "../parts/EmptyPicture";
import { StateLine } from "../parts/StateLine";
import { connected } from "../state/connection";
import { openDialog } from "../state/dialogs";
import { lookUp } from "../state/rooms";
import { go } from "../state/route";

/** No page has this address. It may be a room's with a slip in it, or one for a room that somebody wants to make. */
export function Nowhere({ path, title }: { path: string; title: string }) {
  const [near, setNear] = useState<RoomEntry | null>(null);
  const room = slugOf(title);
  useEffect(() => {
    if (connected.value && room !== "") lookUp(room).then(setNear, () => undefined);
  }, [connected.value]);
  return (
    <>
      <header class="room-head room-head-bare">
        <BackButton />
      </header>
      <div class="empty">
        <EmptyPicture />
        <h1>There is nothing here</h1>
        <p>
          No page has the address <bdi class="address">{path}</bdi>.
          {near === null && " Perhaps a letter is wrong."}
        </p>
        <div class="empty-actions">
          {near !== null && (
            <button type="button" class="button button-main" onClick={() => go(near.room)}>
              Go to {near.title || near.room}
            </button>
          )}
          {near === null && title !== "" && (
            <button
              type="button"
              class="button button-main"
              onClick={() => openDialog("new-room", { title })}
            >
              Create the room “{title}”
            </button>
          )}
          <button type="button" class="button" onClick={() => openDialog("browse")}>
            Browse rooms
          </button>
          <button type="button" class="button" onClick={() => go(null)}>
            Home
          </button>
        </div>
      </div>
      <div class="composer-state composer-state-alone">
        <StateLine />
      </div>
    </>
  );
}
