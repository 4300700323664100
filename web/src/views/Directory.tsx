import type { RoomEntry } from "hubbub-client";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { errorCode, errorText } from "../lib/errors";
import { plural } from "../lib/text";
import { FormProblem } from "../parts/Field";
import { RoomSkeleton } from "../parts/Skeleton";
import { client, connected } from "../state/connection";
import { joinRoom, rooms } from "../state/rooms";
import { go } from "../state/route";

const PAGE = 50;

interface Props {
  /** Above the rooms. */
  lead?: ComponentChildren;
  /** In the place of the rooms when there is none. */
  children: ComponentChildren;
}

/** Every public room of the server, page by page. */
export function Directory({ lead, children }: Props) {
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
      // Without a connection the list is not known; it is asked for again with the next one.
      if (errorCode(error) !== "disconnected" || after !== undefined) setProblem(errorText(error));
    }
  };
  useEffect(() => {
    if (connected.value) load();
  }, [connected.value]);

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
    <>
      <FormProblem text={problem} />
      {entries === null && problem === "" && <RoomSkeleton label="Loading the rooms of this server" />}
      {entries?.length === 0 && children}
      {entries !== null && entries.length > 0 && lead}
      {entries !== null && entries.length > 0 && (
        <ul class="browse">
          {entries.map((entry) => (
            <Entry key={entry.room} entry={entry} onOpen={() => open(entry.room)} />
          ))}
        </ul>
      )}
      {more && (
        <button type="button" class="button" onClick={() => load(entries?.at(-1)?.room)}>
          Show more
        </button>
      )}
    </>
  );
}

function Entry({ entry, onOpen }: { entry: RoomEntry; onOpen: () => void }) {
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
