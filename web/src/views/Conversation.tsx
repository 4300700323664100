import { plural } from "../lib/text";
import { BackButton } from "../parts/BackButton";
import { Icon } from "../parts/Icon";
import { openDialog } from "../state/dialogs";
import { visit } from "../state/jump";
import { membersShown, toggleMembers } from "../state/panel";
import { online } from "../state/people";
import { type MyRoom, openRoom } from "../state/rooms";
import { place } from "../state/route";
import { Composer } from "./Composer";
import { NoRoom } from "./NoRoom";
import { Notices } from "./Notices";
import { Nowhere } from "./Nowhere";
import { Outside } from "./Outside";
import { Timeline } from "./Timeline";

/** The open room, or what stands in its place. */
export function Conversation() {
  const room = openRoom.value;
  const where = place.value;
  if (where.kind === "nowhere") return <Nowhere key={where.path} {...where} />;
  if (where.kind === "home") return <NoRoom />;
  if (room === null) return <Outside key={where.room} id={where.room} />;
  return (
    <>
      <RoomHead room={room} />
      <Timeline key={`${room.id}/${visit.value}`} room={room} />
      <Notices />
      <Composer key={`${room.id}/composer`} room={room} />
    </>
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
        class="icon-button"
        aria-label="Room name and description"
        title="Room name and description"
        onClick={() => openDialog("room")}
      >
        <Icon name="edit" size={18} />
      </button>
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
