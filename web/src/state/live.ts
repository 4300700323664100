/** Ties the client's events to the state, for as long as a user is signed in. */

import { batch, effect, signal, untracked } from "@preact/signals";
import type { Event, Outgoing, User } from "hubbub-client";
import { announcement } from "../lib/changes";
import { plainText } from "../lib/plain";
import { countMessages, documentTitle } from "../lib/unread";
import { forgetActing } from "./acting";
import { attending, awaiting, type Shown, shown } from "./attention";
import { client, closeConnection, connected, connection, openConnection } from "./connection";
import {
  ensureLog,
  forgetLog,
  forgetLogs,
  isShown,
  logOf,
  messageIn,
  openLog,
  receive,
  setDivider,
  shrink,
} from "./conversation";
import { forgetNotices } from "./notices";
import { forgetOriginals, noteOriginal } from "./originals";
import { forgetOutbox, noteOutgoing, restoreOutbox, settle } from "./outbox";
import {
  clearPresence,
  displayName,
  learnTitles,
  notePresence,
  noteTyping,
  setOnline,
  stopTyping,
} from "./people";
import { forgetPlaces, openPlace } from "./places";
import {
  countInRoom,
  forgetRooms,
  liveRoom,
  type MyRoom,
  markRead,
  missing,
  noteMembership,
  noteRead,
  openRoom,
  refreshRooms,
  resetRoom,
  rooms,
  totalUnread,
} from "./rooms";
import { closeLayers, currentRoom, place } from "./route";
import { me, serverName, sessionEnded, stage } from "./session";
import { forgetTitles, seekTitles } from "./titles";

/** The newest messages of the open room, for screen readers. */
export const announcements = signal<readonly { seq: number; text: string }[]>([]);
const ANNOUNCED = 5;

/** Connect, and keep the state in step with what arrives. Returns what undoes it. */
export function goLive(): () => void {
  const user = me.peek();
  const hubbub = openConnection(user?.name ?? "");
  hubbub.on("event", noteEvent);
  hubbub.on("outbox", noteEntry);
  hubbub.on("typing", (change) => {
    if (change.room === currentRoom.peek() && change.user !== me.peek()?.name) noteTyping(change);
  });
  hubbub.on("presence", (change) => {
    if (change.room === currentRoom.peek()) notePresence(change);
  });
  hubbub.on("watching", ({ room, count, online }) => {
    if (room !== null && room === liveRoom.peek()) setOnline(count ?? 0, online ?? []);
  });
  hubbub.on("user", ({ user }) => noteUser(user));
  hubbub.on("read", noteRead);
  hubbub.on("membership", noteMembership);
  hubbub.on("reset", ({ room }) => {
    forgetLog(room);
    resetRoom(room);
    if (room === liveRoom.peek()) ensureLog(room, 0);
  });
  restoreOutbox().catch(() => undefined);
  const undo = [
    effect(followRooms),
    effect(followMe),
    effect(followNames),
    effect(followConnection),
    effect(followRoom()),
    effect(followReading),
    effect(watcher()),
    effect(followTitle),
  ];
  hubbub.connect();
  return () => {
    for (const end of undo) end();
    closeConnection();
    forgetRooms();
    forgetLogs();
    forgetOutbox();
    forgetActing();
    forgetNotices();
    forgetOriginals();
    forgetPlaces();
    clearPresence();
    closeLayers();
    announcements.value = [];
    document.title = serverName();
  };
}

function noteEvent(event: Event): void {
  batch(() => {
    const mine = event.sender === me.peek()?.name;
    const here = event.room === currentRoom.peek();
    if (event.type === "message" && here && !mine) {
      stopTyping(event.sender);
      const tally = rooms.peek().get(event.room)?.tally;
      // Nothing was unread until now. A line that stands already, above what has not been read yet, stays.
      if (!awaiting.peek() && tally?.unread === 0) setDivider(event.room, event.seq - 1);
      announce(event.seq, `${displayName(event.sender)}: ${plainText(event.text ?? "")}`);
    } else if (here) {
      const message = "about" in event ? messageIn(logOf(event.room).peek().events, event.about) : null;
      announce(event.seq, announcement(event, message, me.peek()?.name ?? "", displayName));
    }
    receive(event);
    noteOriginal(event);
    countInRoom(event);
    settle(event);
  });
}

function announce(seq: number, text: string): void {
  if (text !== "") announcements.value = [...announcements.peek(), { seq, text }].slice(-ANNOUNCED);
}

function noteEntry(entry: Outgoing): void {
  noteOutgoing(entry, isShown);
}

/** Each new connection: what rooms are there now? */
function followRooms(): void {
  if (connected.value) untracked(refreshRooms).catch(() => undefined);
}

/** A login that the server no longer knows: back to the form. */
function followConnection(): void {
  const { phase, error } = connection.value;
  if (phase === "closed" && error?.code === "unauthenticated" && stage.peek() === "signed-in")
    sessionEnded(error.message);
}

/** Somebody is called otherwise now. */
function noteUser(user: User): void {
  learnTitles([user]);
  if (user.name === me.peek()?.name) me.value = { ...user, admin: me.peek()?.admin ?? false };
}

/** My own account, however it changed. */
function followMe(): void {
  const user = me.value;
  if (user !== null) untracked(() => learnTitles([user]));
}

/** While there is no connection nobody tells who is here and what people are called now. */
function followNames(): void {
  if (!connected.value) {
    untracked(clearPresence);
    untracked(forgetTitles);
    return;
  }
  const room = liveRoom.value;
  untracked(() => {
    if (room !== null)
      void seekTitles(
        room,
        logOf(room)
          .peek()
          .events.map((event) => event.sender),
      );
  });
}

/** The open room's log, once the room is received. Its page is tried again with each connection until there is one. */
function followRoom(): () => void {
  let opened: string | null = null;
  return () => {
    const room = liveRoom.value;
    const ready = connected.value;
    untracked(() => {
      if (room !== opened) {
        if (opened !== null) shrink(opened);
        if (room !== null) openConversation(room);
        opened = room;
      }
      if (room !== null && ready) ensureLog(room, rooms.peek().get(room)?.tally.head ?? 0);
    });
  };
}

/** What was unread on opening stands below a line, and there the reader begins, or where they come back to. */
function openConversation(room: string): void {
  const tally = rooms.peek().get(room)?.tally;
  const unread = tally !== undefined && tally.unread > 0 ? tally.read : null;
  const place = openPlace(room)?.seq ?? null;
  shown.value = null;
  setDivider(room, unread);
  openLog(room, place ?? (unread === null ? null : unread + 1));
  clearPresence();
  announcements.value = [];
}

/** What has stood on the screen of somebody who was there is read. */
function followReading(): void {
  const room = openRoom.value;
  const seen = shown.value;
  if (room === null || seen?.room !== room.id || !attending.value || !connected.value) return;
  if (seen.seq > room.tally.read) untracked(() => read(room, seen));
}

function read({ id, tally }: MyRoom, { seq, end }: Shown): void {
  const { events, more } = logOf(id).peek();
  // What follows the mark was never loaded, because there is too much of it: until the end it is not passed over.
  if (!end && more && (events[0]?.seq ?? 0) > tally.read + 1) return;
  const between = countMessages(events, tally.read, seq, me.peek()?.name ?? "");
  markRead(id, seq, Math.max(0, tally.unread - between));
}

/** Presence and typing come for the room on the screen only. The client repeats this after a reconnect. */
function watcher(): () => void {
  let watched: string | null = null;
  return () => {
    if (liveRoom.value === watched) return;
    watched = liveRoom.value;
    client()
      .watch(watched)
      .catch(() => undefined);
  };
}

function followTitle(): void {
  const lost =
    place.value.kind === "nowhere" || (missing.value !== null && missing.value === currentRoom.value);
  document.title = documentTitle(
    totalUnread.value,
    openRoom.value?.title ?? (lost ? "Not found" : null),
    serverName(),
  );
}
