import type { RoomEntry } from "hubbub-client";
import { useEffect, useState } from "preact/hooks";
import { errorCode, errorText } from "../lib/errors";
import { pathOf, titleOf } from "../lib/place";
import { plural } from "../lib/text";
import { BackButton } from "../parts/BackButton";
import { EmptyPicture } from "../parts/EmptyPicture";
import { FormProblem } from "../parts/Field";
import { MessageSkeleton } from "../parts/Skeleton";
import { StateLine } from "../parts/StateLine";
import { connected } from "../state/connection";
import { openDialog } from "../state/dialogs";
import { joinRoom, lookUp, missing, roomsLoaded } from "../state/rooms";
import { go } from "../state/route";

/** The address of a room of which I am no member, as far as is known: it may be coming, open to me, or not exist. */
export function Outside({ id }: { id: string }) {
  const [entry, setEntry] = useState<RoomEntry | null>(null);
  const [problem, setProblem] = useState("");
  const gone = missing.value === id;
  const ask = async (): Promise<void> => {
    setProblem("");
    try {
      const found = await lookUp(id);
      setEntry(found);
      missing.value = found === null ? id : null;
    } catch (error) {
      // Without a connection nothing is known; it is asked again with the next one.
      if (errorCode(error) !== "disconnected") setProblem(errorText(error));
    }
  };
  useEffect(() => {
    if (connected.value && roomsLoaded.value) ask();
  }, [connected.value, roomsLoaded.value]);
  useEffect(
    () => () => {
      missing.value = null;
    },
    [],
  );
  return (
    <>
      <header class={entry === null && !gone ? "room-head" : "room-head room-head-bare"}>
        <BackButton />
        {entry === null && !gone && (
          <div class="room-head-text">
            <h1>
              <span class="hash" aria-hidden="true">
                #
              </span>
              {id}
            </h1>
          </div>
        )}
      </header>
      {entry !== null ? (
        <Open entry={entry} />
      ) : gone ? (
        <Missing id={id} />
      ) : (
        <div class="timeline-box">
          <div class="timeline">
            <FormProblem text={problem} />
            {problem === "" && <MessageSkeleton label={`Loading ${id}`} />}
          </div>
        </div>
      )}
      <div class="composer-state composer-state-alone">
        <StateLine />
      </div>
    </>
  );
}

/** It exists, and anybody may come in. */
function Open({ entry }: { entry: RoomEntry }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const join = async (): Promise<void> => {
    if (busy) return;
    setProblem("");
    setBusy(true);
    try {
      await joinRoom(entry.room);
    } catch (error) {
      setProblem(errorText(error));
      setBusy(false);
    }
  };
  return (
    <div class="empty">
      <EmptyPicture />
      <h1>{entry.title || entry.room}</h1>
      {entry.topic && <p>{entry.topic}</p>}
      <p>
        You are not in this room. It has {plural(entry.members ?? 0, "member")}: join to read what has been
        said and to take part.
      </p>
      <FormProblem text={problem} />
      <div class="empty-actions">
        <button type="button" class="button button-main" aria-disabled={busy} onClick={join}>
          {busy && !connected.value ? "Waiting for the connection…" : `Join #${entry.room}`}
        </button>
        <button type="button" class="button" onClick={() => openDialog("browse")}>
          Browse rooms
        </button>
      </div>
    </div>
  );
}

function Missing({ id }: { id: string }) {
  const create = (): void => openDialog("new-room", { title: titleOf(id), room: id });
  return (
    <div class="empty">
      <EmptyPicture />
      <h1>There is no such room</h1>
      <p>
        No room has the address <bdi class="address">{pathOf(id)}</bdi>. You can be the one who opens it.
      </p>
      <div class="empty-actions">
        <button type="button" class="button button-main" onClick={create}>
          Create the room “{titleOf(id)}”
        </button>
        <button type="button" class="button" onClick={() => openDialog("browse")}>
          Browse rooms
        </button>
        <button type="button" class="button" onClick={() => go(null)}>
          Home
        </button>
      </div>
    </div>
  );
}
