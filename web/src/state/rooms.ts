import { batch, computed, signal } from "@preact/signals";
import {
  type Event,
  foldRoom,
  type Joined,
  type Membership,
  type ReadChanged,
  type RoomEntry,
  type RoomState,
} from "hubbub-client";
import { roomBefore } from "../lib/before";
import { countEvent, moveMark, refreshTally, type Tally } from "../lib/unread";
import { client } from "./connection";
import { forgetMarks, tellMark } from "./marks";
import { outcome } from "./outbox";
import { closeLayers, currentRoom, go, layers } from "./route";
import { me } from "./session";

/** A room of mine, as the list shows it. `lastTs`: Unix ms of the last event, 0 when unknown. */
export interface MyRoom {
  readonly id: string;
  readonly title: string;
  readonly topic: string;
  readonly lastTs: number;
  readonly tally: Tally;
  /** Whether this page receives the room's events. Before that, a page of its history could have a hole after it. */
  readonly live: boolean;
}

export const rooms = signal<ReadonlyMap<string, MyRoom>>(new Map());

/** False until the first list has arrived. */
export const roomsLoaded = signal(false);

/** Most recent activity first. */
export const orderedRooms = computed(() =>
  [...rooms.value.values()].sort((a, b) => b.lastTs - a.lastTs || a.id.localeCompare(b.id)),
);

export const totalUnread = computed(() => {
  let total = 0;
  for (const room of rooms.value.values()) total += room.tally.unread;
  return total;
});

/** The open room, when I am a member of it. */
export const openRoom = computed(() => {
  const id = currentRoom.value;
  return id === null ? null : (rooms.value.get(id) ?? null);
});

/** The open room's id, once its events are received; changes only when another room takes its place. */
export const liveRoom = computed(() => (openRoom.value?.live ? openRoom.value.id : null));

/** The room of the address, when the server has none like it. */
export const missing = signal<string | null>(null);

/** What a server's first room is called, unless somebody says otherwise. */
export const FIRST_ROOM = "General";

const joined = new Set<string>();

/** What can be open in front of a room that is about it. */
const OF_ROOM: ReadonlySet<string> = new Set([
  "leave",
  "members",
  "room",
  "message",
  "react",
  "reactions",
  "versions",
  "delete",
]);

function put(room: MyRoom): void {
  rooms.value = new Map(rooms.peek()).set(room.id, room);
}

function change(id: string, changes: Partial<MyRoom>): void {
  const room = rooms.peek().get(id);
  if (room !== undefined) put({ ...room, ...changes });
}

/** Read the list of my rooms and join those that this page does not receive yet. Call after each connect. */
export async function refreshRooms(): Promise<void> {
  const states = await client().rooms();
  const next = new Map<string, MyRoom>();
  for (const state of states) {
    const known = rooms.peek().get(state.room);
    next.set(state.room, fromState(state, known));
    if (known !== undefined && known.tally.read > state.read) tellMark(state.room, known.tally.read);
  }
  batch(() => {
    rooms.value = next;
    roomsLoaded.value = true;
  });
  const missing = states.map((state) => state.room).filter((room) => !joined.has(room));
  await Promise.all(missing.map((room) => subscribe(room).catch(() => joined.delete(room))));
}

function fromState(state: RoomState, known: MyRoom | undefined): MyRoom {
  return {
    id: state.room,
    title: state.title || state.room,
    topic: state.topic ?? "",
    lastTs: Math.max(state.last_ts ?? 0, known?.lastTs ?? 0),
    tally: refreshTally(known?.tally, state),
    live: known?.live ?? false,
  };
}

/** Receive a room's events on this page; becomes a member when I am not one. */
async function subscribe(room: string): Promise<void> {
  joined.add(room);
  noteJoined(await client().join(room));
}

function noteJoined(reply: Joined): void {
  const known = rooms.peek().get(reply.room);
  put({
    id: reply.room,
    title: reply.title || reply.room,
    topic: reply.topic ?? "",
    lastTs: known?.lastTs ?? Date.now(),
    tally: refreshTally(known?.tally, reply),
    live: true,
  });
}

/** Become a member of a room and open it. Raises HubbubError: unknown_room. */
export async function joinRoom(room: string): Promise<void> {
  try {
    await subscribe(room);
  } catch (error) {
    joined.delete(room);
    throw error;
  }
  go(room);
}

/** Create a public room and open it. Raises HubbubError: room_exists, bad_field. */
export async function createRoom(room: string, title: string, topic: string): Promise<void> {
  await client().createRoom(room, title, topic);
  await joinRoom(room);
}

/** What everybody may know of a room; null: there is none. Raises HubbubError: disconnected. */
export async function lookUp(room: string): Promise<RoomEntry | null> {
  const { rooms: found } = await client().directory(roomBefore(room) ?? undefined, 1);
  return found.find((entry) => entry.room === room) ?? null;
}

/**
 * Give a room another name and description; resolves when the server has done so. Raises HubbubError: bad_field,
 * room_forbidden and others.
 */
export async function changeRoom(room: string, title: string, topic: string): Promise<void> {
  const done = await outcome(client().changeRoom(room, { title, topic }).nonce);
  if (done.status === "failed") throw done.error;
}

export async function leaveRoom(room: string): Promise<void> {
  await client().leave(room);
  drop(room);
  if (currentRoom.peek() === room) go(null, true);
}

function drop(room: string): void {
  joined.delete(room);
  const next = new Map(rooms.peek());
  next.delete(room);
  rooms.value = next;
  const ofRoom = layers.peek().some(({ name }) => OF_ROOM.has(name));
  if (currentRoom.peek() === room && ofRoom) closeLayers();
}

/** A durable event arrived: it counts, once, and moves its room up. */
export function countInRoom(event: Event): void {
  const room = rooms.peek().get(event.room);
  if (room === undefined) return;
  const tally = countEvent(room.tally, event, me.peek()?.name ?? "");
  if (tally === room.tally) return;
  const { title, topic } = foldRoom({ title: room.title, topic: room.topic, head: room.tally.head }, event);
  change(room.id, { tally, lastTs: Math.max(room.lastTs, event.ts), title: title || room.id, topic });
}

/** Another device of mine read the room up to `seq`. */
export function noteRead(signal: ReadChanged): void {
  const room = rooms.peek().get(signal.room);
  if (room !== undefined) change(room.id, { tally: moveMark(room.tally, signal.seq, signal.unread) });
}

/** Everything up to `seq` has been on the screen; `unread` messages of others come after it. */
export function markRead(id: string, seq: number, unread: number): void {
  const room = rooms.peek().get(id);
  if (room === undefined || room.tally.read >= seq) return;
  change(id, { tally: moveMark(room.tally, seq, unread) });
  tellMark(id, seq);
}

/** Another device of mine joined or left a room. */
export function noteMembership(signal: Membership): void {
  if (!signal.member) drop(signal.room);
  else if (!rooms.peek().has(signal.room)) refreshRooms().catch(() => undefined);
}

/** The room's log is another one than this page knew (a restored server): begin anew. */
export function resetRoom(id: string): void {
  const room = rooms.peek().get(id);
  if (room !== undefined) change(id, { tally: { head: 0, read: 0, unread: 0 } });
  refreshRooms().catch(() => undefined);
}

/** The room before (-1) or after (1) the open one in the list. */
export function step(by: -1 | 1): void {
  const list = orderedRooms.peek();
  const index = list.findIndex((room) => room.id === currentRoom.peek());
  const next = list[index === -1 ? (by === 1 ? 0 : list.length - 1) : index + by];
  if (next !== undefined) go(next.id);
}

export function forgetRooms(): void {
  joined.clear();
  forgetMarks();
  rooms.value = new Map();
  roomsLoaded.value = false;
}
