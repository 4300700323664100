import type { RoomEntry } from "hubbub-client";
import { useEffect, useState } from "preact/hooks";
import { errorText } from "../lib/errors";
import { plural } from "../lib/text";
import { Dialog } from "../parts/Dialog";
import { FormProblem } from "../parts/Field";
import { RoomSkeleton } from "../parts/Skeleton";
import { client } from "../state/connection";
import { openDialog } from "../state/dialogs";
import { joinRoom, rooms } from "../state/rooms";
import { go } from "../state/route";

const PAGE = 50;

/** Every public room of the server, page by page. */
export function Browse() {
  const [entries, setEntries] = useState<readonly RoomEntry[] | null>(null);
  const [more, setMore] = useState(false);
  const [problem, setProblem] = useState("");

  const load = async (after?: string): Promise<void> => {
    setProblem("");
    try {
      const page = await client().directory(after, PAGE);
      setEntries((before) => [...(after === undefined ? [] : (before ?? [])), ...page.rooms]);
      setMore(page.more);
    } catch (error) {
      setProblem(errorText(error));
    }
  };
  useEffect(() => {
    load();
  }, []);

  const open = async (room: string): Promise<void> => {
    setProblem("");
    try {
      if (rooms.peek().has(room)) go(room);
      else await joinRoom(room);
    } catch (error) {
      setProblem(errorText(error));
    }
  };

  return (
    <Dialog title="Browse rooms" lead="All rooms of this server. Step into any of them." class="dialog-tall">
      <FormProblem text={problem} />
      {entries === null && problem === "" && <RoomSkeleton />}
      {entries?.length === 0 && (
        <div class="browse-empty">
          <p>There is no room yet. Yours could be the first.</p>
          <button type="button" class="button button-main" onClick={() => openDialog("new-room")}>
            Create a room
          </button>
        </div>
      )}
      {entries !== null && entries.length > 0 && (
        <ul class="browse">
          {entries.map((entry) => (
            <BrowseItem key={entry.room} entry={entry} onOpen={() => open(entry.room)} />
          ))}
        </ul>
      )}
      {more && (
        <button type="button" class="button" onClick={() => load(entries?.at(-1)?.room)}>
          Show more
        </button>
      )}
    </Dialog>
  );
}

function BrowseItem({ entry, onOpen }: { entry: RoomEntry; onOpen: () => void }) {
  const title = entry.title || entry.room;
  const member = rooms.value.has(entry.room);
  return (
    <li class="browse-item">
      <span class="room-glyph" aria-hidden="true">
        #
      </span>
      <div class="browse-text">
        <p class="browse-title">
          <strong>{title}</strong>
          <span>{plural(entry.members ?? 0, "member")}</span>
        </p>
        {entry.topic && <p class="browse-topic">{entry.topic}</p>}
      </div>
      <button
        type="button"
        class={member ? "button button-small" : "button button-small button-main"}
        aria-label={`${member ? "Open" : "Join"} ${title}`}
        onClick={onOpen}
      >
        {member ? "Open" : "Join"}
      </button>
    </li>
  );
}
