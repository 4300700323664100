import { useState } from "preact/hooks";
import { errorCode, errorText } from "../lib/errors";
import { plural } from "../lib/text";
import { FormProblem } from "../parts/Field";
import { Icon } from "../parts/Icon";
import { MessageSkeleton } from "../parts/Skeleton";
import { StateLine } from "../parts/StateLine";
import { openDialog } from "../state/dialogs";
import { membersShown, toggleMembers } from "../state/panel";
import { online } from "../state/people";
import { joinRoom, type MyRoom, openRoom, roomsLoaded } from "../state/rooms";
import { currentRoom, go } from "../state/route";
import { Composer } from "./Composer";
import { Timeline } from "./Timeline";

/** The open room, or what stands in its place. */
export function Conversation() {
  const room = openRoom.value;
  const id = currentRoom.value;
  if (id === null) return <NoRoom />;
  if (room === null) return roomsLoaded.value ? <NotAMember key={id} id={id} /> : <Waiting id={id} />;
  return (
    <>
      <RoomHead room={room} />
      <Timeline key={room.id} room={room} />
      <Composer key={`${room.id}/composer`} room={room} />
    </>
  );
}

function BackButton() {
  return (
    <button type="button" class="icon-button back" aria-label="Back to rooms" onClick={() => go(null)}>
      <Icon name="back" />
    </button>
  );
}

function RoomHead({ room }: { room: MyRoom }) {
  const { count } = online.value;
  return (
    <header class="room-head">
      <BackButton />
      <div class="room-head-text">
        <h1>
          <span class="hash" aria-hidden="true">
            #
          </span>
          {room.title}
        </h1>
        {room.topic && <p class="topic">{room.topic}</p>}
      </div>
      <button
        type="button"
        class="people-button"
        aria-pressed={membersShown.value}
        aria-label={count > 0 ? `Members, ${plural(count, "person", "people")} here now` : "Members"}
        onClick={toggleMembers}
      >
        <Icon name="people" />
        {count > 0 && <span>{count}</span>}
      </button>
    </header>
  );
}

function Waiting({ id }: { id: string }) {
  return (
    <>
      <header class="room-head">
        <BackButton />
        <div class="room-head-text">
          <h1>
            <span class="hash" aria-hidden="true">
              #
            </span>
            {id}
          </h1>
        </div>
      </header>
      <div class="timeline-box">
        <div class="timeline">
          <MessageSkeleton label={`Loading ${id}`} />
        </div>
      </div>
      <div class="composer-state composer-state-alone">
        <StateLine />
      </div>
    </>
  );
}

function NoRoom() {
  return (
    <div class="empty">
      <EmptyPicture />
      <h1>Pull up a chair</h1>
      <p>
        Choose a room on the left, look around for one, or open a new room for what you have on your mind.
      </p>
      <div class="empty-actions">
        <button type="button" class="button button-main" onClick={() => openDialog("new-room")}>
          Create a room
        </button>
        <button type="button" class="button" onClick={() => openDialog("browse")}>
          Browse rooms
        </button>
      </div>
    </div>
  );
}

/** Somebody followed a link to a room that they are not in. */
function NotAMember({ id }: { id: string }) {
  const [problem, setProblem] = useState("");
  const [missing, setMissing] = useState(false);
  const join = async (): Promise<void> => {
    setProblem("");
    try {
      await joinRoom(id);
    } catch (error) {
      setMissing(errorCode(error) === "unknown_room");
      setProblem(errorText(error));
    }
  };
  return (
    <>
      <header class="room-head room-head-bare">
        <BackButton />
      </header>
      <div class="empty">
        <EmptyPicture />
        <h1>You are not in #{id} yet</h1>
        <p>Join to read what has been said and to take part.</p>
        <FormProblem text={problem} />
        <div class="empty-actions">
          {missing ? (
            <button type="button" class="button button-main" onClick={() => openDialog("new-room")}>
              Create a room
            </button>
          ) : (
            <button type="button" class="button button-main" onClick={join}>
              Join #{id}
            </button>
          )}
          <button type="button" class="button" onClick={() => openDialog("browse")}>
            Browse rooms
          </button>
        </div>
      </div>
      <div class="composer-state composer-state-alone">
        <StateLine />
      </div>
    </>
  );
}

function EmptyPicture() {
  return (
    <svg
      class="empty-picture"
      width="168"
      height="120"
      viewBox="0 0 168 120"
      aria-hidden="true"
      focusable="false"
    >
      <path
        class="mark-big"
        d="M66 12a42 42 0 1 1-16.2 80.8L27 102.6a3 3 0 0 1-4-3.9l7-18.6A42 42 0 0 1 66 12Z"
      />
      <circle class="mark-mid" cx="112" cy="36" r="26" />
      <circle class="mark-small" cx="117" cy="88" r="17" />
      <path class="empty-lines" d="M48 44h34M44 56h44M50 68h24M104 32h17M101 41h22M111 88h12" />
    </svg>
  );
}
