import { useEffect, useRef } from "preact/hooks";
import { pathOf } from "../lib/place";
import { badge, plural } from "../lib/text";
import { activityText, fullText } from "../lib/time";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { Wordmark } from "../parts/Logo";
import { RoomSkeleton } from "../parts/Skeleton";
import { StateLine } from "../parts/StateLine";
import { today } from "../state/clock";
import { openDialog } from "../state/dialogs";
import { onePane } from "../state/panel";
import { displayName } from "../state/people";
import { type MyRoom, orderedRooms, roomsLoaded } from "../state/rooms";
import { currentRoom, go, place } from "../state/route";
import { me, serverName } from "../state/session";
import { Newcomer } from "./Newcomer";

/** Which key opens the switcher here. */
const COMMAND = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";

export function Sidebar() {
  // On a phone's home this is all that there is.
  const all = onePane.value && place.value.kind === "home";
  return (
    <div class="sidebar" role={all ? "main" : undefined}>
      {all && <h1 class="sr-only">Rooms</h1>}
      <header class="sidebar-head" role={all ? "presentation" : undefined}>
        <a
          class="home"
          href="/"
          aria-label={`${serverName()}, home`}
          onClick={(event) => follow(event, null)}
        >
          <Wordmark name={serverName()} />
        </a>
        <button
          type="button"
          class="icon-button"
          aria-label="New room"
          onClick={() => openDialog("new-room")}
        >
          <Icon name="plus" />
        </button>
      </header>
      <button type="button" class="find" onClick={() => openDialog("switcher")}>
        <Icon name="search" size={18} />
        <span>Find a room</span>
        <kbd>{COMMAND} K</kbd>
      </button>
      <nav class="room-nav" aria-label="Rooms">
        <Rooms />
        <button type="button" class="nav-item nav-browse" onClick={() => openDialog("browse")}>
          <span class="nav-glyph" aria-hidden="true">
            <Icon name="compass" size={18} />
          </span>
          <span class="nav-title">Browse all rooms</span>
        </button>
      </nav>
      <footer class="sidebar-foot" role={all ? "presentation" : undefined}>
        <StateLine />
        <Me />
      </footer>
    </div>
  );
}

function Rooms() {
  if (!roomsLoaded.value) return <RoomSkeleton />;
  const list = orderedRooms.value;
  if (list.length === 0) {
    // A phone's home shows nothing but this.
    if (onePane.value) return <Newcomer />;
    return <p class="nav-empty">You are in no room yet. Look around, or open a new one.</p>;
  }
  return (
    <ul class="room-list">
      {list.map((room) => (
        <RoomItem key={room.id} room={room} current={room.id === currentRoom.value} />
      ))}
    </ul>
  );
}

function RoomItem({ room, current }: { room: MyRoom; current: boolean }) {
  const { unread } = room.tally;
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (current) link.current?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <li>
      <a
        ref={link}
        class={`nav-item ${unread > 0 ? "nav-unread" : ""}`}
        href={pathOf(room.id)}
        aria-current={current ? "page" : undefined}
        data-room={room.id}
        onClick={(event) => follow(event, room.id)}
      >
        <span class="nav-glyph" aria-hidden="true">
          #
        </span>
        <span class="nav-title">{room.title}</span>
        {unread > 0 ? (
          <span class="badge">
            {badge(unread)}
            <span class="sr-only"> {plural(unread, "unread message").replace(/^\S+ /, "")}</span>
          </span>
        ) : (
          <span class="nav-time" dir="auto" title={room.lastTs ? fullText(room.lastTs) : ""}>
            {activityText(room.lastTs, today.value)}
          </span>
        )}
      </a>
    </li>
  );
}

/** Open inside this page, unless the user asked the browser for a new tab or window. */
function follow(event: MouseEvent, room: string | null): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(room);
}

function Me() {
  const user = me.value;
  if (user === null) return null;
  const title = displayName(user.name);
  return (
    <button
      type="button"
      class="me"
      onClick={() => openDialog("account")}
      aria-label={`Account and devices of ${title}`}
    >
      <Avatar name={user.name} title={title} size="s" />
      <span class="me-name">{title}</span>
      {user.admin && <span class="tag">admin</span>}
    </button>
  );
}
