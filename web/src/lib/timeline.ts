import type { Event, Message, Outgoing } from "hubbub-client";
import { dayOf } from "./time";

/** Messages of one sender stand under one heading while pauses between them are shorter than this. */
const GROUP_MS = 5 * 60_000;

/** A message of mine that has no event yet. */
export type Unsent = Extract<Outgoing, { type: "send" }>;

/** What is shown as a line between messages. */
export type LineEvent = Extract<
  Event,
  { type: "room_created" | "member_joined" | "member_left" | "room_changed" }
>;

export type Row =
  | { kind: "day"; key: string; seq: number; ts: number }
  | { kind: "divider"; key: string; seq: number }
  | { kind: "line"; key: string; seq: number; events: readonly LineEvent[]; before: RoomNames | null }
  | {
      kind: "message";
      key: string;
      seq: number;
      event: Message;
      first: boolean;
      /** A change of mine that is not confirmed, the last one. */
      change: Outgoing | null;
    }
  | { kind: "pending"; key: string; seq: number; outgoing: Unsent; first: boolean };

/** What a room was called before a change. */
export interface RoomNames {
  readonly title: string;
  readonly topic: string;
}

/** What follows what, while rows are made. */
interface Trail {
  day: number;
  sender: string | null;
  ts: number;
  names: RoomNames | null;
}

/**
 * The rows of a conversation, oldest first.
 *
 * `events` ascend by `seq`; `pending` are messages of `me` that have no event yet and stand at the end. `divider`: the
 * read mark at which "new messages" begins; null or a mark behind the last message of others: none. `changes`: edits,
 * deletions and reactions of `me` that are not confirmed; `events` contain them already. A row's key stays the same
 * while older events are put before it.
 */
export function buildRows(
  events: readonly Event[],
  pending: readonly Unsent[],
  me: string,
  divider: number | null,
  changes: readonly Outgoing[] = [],
): Row[] {
  const rows: Row[] = [];
  const trail: Trail = { day: Number.NaN, sender: null, ts: 0, names: null };
  const changing = new Map(changes.flatMap((one) => ("about" in one ? [[one.about, one] as const] : [])));
  let dividerAt = divider === null ? null : firstUnread(events, me, divider);
  for (const event of events) {
    if (event.type !== "message" && !isLine(event)) continue;
    startDay(rows, trail, event.ts, event.seq);
    if (dividerAt !== null && event.seq >= dividerAt) {
      rows.push({ kind: "divider", key: "divider", seq: event.seq });
      trail.sender = null;
      dividerAt = null;
    }
    if (event.type === "message") addMessage(rows, trail, event, changing.get(event.seq) ?? null);
    else addLine(rows, trail, event);
  }
  const end = events[events.length - 1]?.seq ?? 0;
  for (const outgoing of pending) {
    startDay(rows, trail, outgoing.createdAt, end);
    const first = !continues(trail, me, outgoing.createdAt);
    rows.push({ kind: "pending", key: `n${outgoing.nonce}`, seq: end, outgoing, first });
    trail.sender = me;
    trail.ts = outgoing.createdAt;
  }
  return rows;
}

/** The `seq` of the last event among the first `count` rows; 0: none. A heading goes by what stands below it. */
export function seenUpTo(rows: readonly Row[], count: number): number {
  for (let at = Math.min(count, rows.length) - 1; at >= 0; at--) {
    const row = rows[at];
    if (row !== undefined && row.kind !== "day" && row.kind !== "divider") return row.seq;
  }
  return 0;
}

/** The `seq` of the first message of somebody else after `read`; null when there is none. */
export function firstUnread(events: readonly Event[], me: string, read: number): number | null {
  for (const event of events) {
    if (event.seq > read && event.type === "message" && event.sender !== me) return event.seq;
  }
  return null;
}

function startDay(rows: Row[], trail: Trail, ts: number, seq: number): void {
  const day = dayOf(ts);
  if (day === trail.day) return;
  rows.push({ kind: "day", key: `d${day}`, seq, ts });
  trail.day = day;
  trail.sender = null;
}

function continues(trail: Trail, sender: string, ts: number): boolean {
  return trail.sender === sender && ts - trail.ts < GROUP_MS;
}

function addMessage(rows: Row[], trail: Trail, event: Message, change: Outgoing | null): void {
  // What it answers stands above its text: that needs the sender's name above it.
  const first = event.reply_to != null || !continues(trail, event.sender, event.ts);
  rows.push({ kind: "message", key: `m${event.seq}`, seq: event.seq, event, first, change });
  trail.sender = event.sender;
  trail.ts = event.ts;
}

/** Joining and leaving read as one line while nobody speaks in between. */
function addLine(rows: Row[], trail: Trail, event: LineEvent): void {
  const last = rows[rows.length - 1];
  const before = trail.names;
  trail.sender = null;
  if (event.type === "room_created" || event.type === "room_changed") {
    trail.names = { title: event.title ?? "", topic: event.topic ?? "" };
    rows.push({ kind: "line", key: `l${event.seq}`, seq: event.seq, events: [event], before });
  } else if (last?.kind === "line" && last.events[0]?.type === event.type) {
    rows[rows.length - 1] = { ...last, seq: event.seq, events: [...last.events, event] };
  } else {
    rows.push({ kind: "line", key: `l${event.seq}`, seq: event.seq, events: [event], before: null });
  }
}

/** Reactions and the like are shown where they belong; what a later version may add is not. */
function isLine(event: Event): event is LineEvent {
  return (
    event.type === "room_created" ||
    event.type === "member_joined" ||
    event.type === "member_left" ||
    event.type === "room_changed"
  );
}
