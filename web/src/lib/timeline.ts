import type { Event, Message, Outgoing } from "hubbub-client";
import { dayOf } from "./time";

/** Messages of one sender stand under one heading while pauses between them are shorter than this. */
const GROUP_MS = 5 * 60_000;

/** What is told in a line of its own. Other events, and what a later version of the server has added, have no row. */
const LINES: ReadonlySet<Event["type"]> = new Set(["room_created", "member_joined", "member_left"]);

export type Row =
  | { kind: "day"; key: string; seq: number; ts: number }
  | { kind: "divider"; key: string; seq: number }
  | { kind: "line"; key: string; seq: number; events: readonly Event[] }
  | { kind: "message"; key: string; seq: number; event: Message; first: boolean }
  | { kind: "pending"; key: string; seq: number; outgoing: Outgoing; first: boolean };

/** What follows what, while rows are made. */
interface Trail {
  day: number;
  sender: string | null;
  ts: number;
}

/**
 * The rows of a conversation, oldest first.
 *
 * `events` ascend by `seq`; `pending` are messages of `me` that have no event yet and stand at the end. `divider`: the
 * read mark at which "new messages" begins; null or a mark behind the last message of others: none. A row's key stays
 * the same while older events are put before it.
 */
export function buildRows(
  events: readonly Event[],
  pending: readonly Outgoing[],
  me: string,
  divider: number | null,
): Row[] {
  const rows: Row[] = [];
  const trail: Trail = { day: Number.NaN, sender: null, ts: 0 };
  let dividerAt = divider === null ? null : firstUnread(events, me, divider);
  for (const event of events) {
    if (event.type !== "message" && !LINES.has(event.type)) continue;
    startDay(rows, trail, event.ts, event.seq);
    if (dividerAt !== null && event.seq >= dividerAt) {
      rows.push({ kind: "divider", key: "divider", seq: event.seq });
      trail.sender = null;
      dividerAt = null;
    }
    if (event.type === "message") addMessage(rows, trail, event);
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

function addMessage(rows: Row[], trail: Trail, event: Message): void {
  const first = !continues(trail, event.sender, event.ts);
  rows.push({ kind: "message", key: `m${event.seq}`, seq: event.seq, event, first });
  trail.sender = event.sender;
  trail.ts = event.ts;
}

/** Joining and leaving read as one line while nobody speaks in between. */
function addLine(rows: Row[], trail: Trail, event: Event): void {
  const last = rows[rows.length - 1];
  trail.sender = null;
  if (last?.kind === "line" && last.events[0]?.type === event.type && event.type !== "room_created") {
    rows[rows.length - 1] = { ...last, seq: event.seq, events: [...last.events, event] };
  } else {
    rows.push({ kind: "line", key: `l${event.seq}`, seq: event.seq, events: [event] });
  }
}

/** Put `fresh` into `events`, both ascending by `seq`; an event that is there already is not put in twice. */
export function mergeEvents(events: readonly Event[], fresh: readonly Event[]): readonly Event[] {
  const first = fresh[0];
  if (first === undefined) return events;
  const last = events[events.length - 1];
  if (last === undefined || first.seq > last.seq) return [...events, ...fresh];
  const bySeq = new Map<number, Event>();
  for (const event of events) bySeq.set(event.seq, event);
  for (const event of fresh) if (!bySeq.has(event.seq)) bySeq.set(event.seq, event);
  if (bySeq.size === events.length) return events;
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}
