/** Ties the client's events to the state, for as long as a user is signed in. */

import { batch, effect, signal, untracked } from "@preact/signals";
import type { Event, Outgoing } from "hubbub-client";
import { plainText } from "../lib/plain";
import { documentTitle } from "../lib/unread";
import { attending } from "./attention";
import { client, closeConnection, connected, connection, openConnection } from "./connection";
import {
  ensureLog,
  forgetLog,
  forgetLogs,
  isShown,
  logOf,
  receive,
  setDivider,
  shrink,
} from "./conversation";
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
import {
  countInRoom,
  forgetRooms,
  liveRoom,
  markRead,
  noteMembership,
  noteRead,
  openRoom,
  refreshRooms,
  resetRoom,
  rooms,
  totalUnread,
} from "./rooms";
import { closeLayers, currentRoom } from "./route";
import { me, serverName, sessionEnded, stage } from "./session";

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
  hubbub.on("read", noteRead);
  hubbub.on("membership", noteMembership);
  hubbub.on("reset", ({ room }) => {
    forgetLog(room);
    resetRoom(room);
    if (room === liveRoom.peek()) ensureLog(room, 0);
  });
  if (user !== null) learnTitles([user]);
  restoreOutbox().catch(() => undefined);
  const undo = [
    effect(followRooms),
    effect(followConnection),
    effect(followRoom),
    effect(followLog),
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
      const read = rooms.peek().get(event.room)?.tally.read ?? event.seq - 1;
      if (!attending.peek() && logOf(event.room).peek().divider === null) setDivider(event.room, read);
      const text = `${displayName(event.sender)}: ${plainText(event.text ?? "")}`;
      announcements.value = [...announcements.peek(), { seq: event.seq, text }].slice(-ANNOUNCED);
    }
    receive(event);
    countInRoom(event);
    if (mine && event.type === "message") settle(event);
  });
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
  if (phase === "closed" && error?.code === "unauthenticated" && stage.peek() === "signed-in") sessionEnded();
}

/** The open room's log, once the room is received. What was unread on opening stands below a line. */
function followRoom(): (() => void) | undefined {
  const room = liveRoom.value;
  if (room === null) return undefined;
  untracked(() => {
    const tally = rooms.peek().get(room)?.tally;
    setDivider(room, tally !== undefined && tally.unread > 0 ? tally.read : null);
    clearPresence();
    announcements.value = [];
  });
  return () => shrink(room);
}

/** Its newest page. Tried again with each connection until there is one. */
function followLog(): void {
  const room = liveRoom.value;
  if (room === null || !connected.value) return;
  untracked(() => ensureLog(room, rooms.peek().get(room)?.tally.unread ?? 0));
}

/** What is on the screen and at the bottom counts as read. */
function followReading(): void {
  const room = openRoom.value;
  if (room === null || !attending.value || !connected.value || !logOf(room.id).value.ready) return;
  if (room.tally.read < room.tally.head) untracked(() => markRead(room.id));
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
  document.title = documentTitle(totalUnread.value, openRoom.value?.title ?? null, serverName());
}
