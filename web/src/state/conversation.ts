import { type Signal, signal } from "@preact/signals";
import type { Event } from "hubbub-client";
import { errorText } from "../lib/errors";
import { mergeEvents } from "../lib/timeline";
import { client } from "./connection";
import { hintTitles } from "./people";
import { placeIn } from "./places";
import { currentRoom } from "./route";
import { forgetTitles, seekTitles } from "./titles";

/** The part of a room's log that this page holds: without holes, up to the newest event. */
export interface Log {
  /** Ascending by `seq`. */
  readonly events: readonly Event[];
  /** Whether the newest page has arrived; before that `events` holds only what came live. */
  readonly ready: boolean;
  readonly loading: boolean;
  /** Whether there is more before the first of `events`. */
  readonly more: boolean;
  readonly error: string;
  /** The read mark below which "new messages" stands; null: the reader is up to date. */
  readonly divider: number | null;
  /** The `seq` of the event that the reader begins with: the log is not ready before it reaches back to there. */
  readonly from: number;
}

const EMPTY: Log = {
  events: [],
  ready: false,
  loading: false,
  more: true,
  error: "",
  divider: null,
  from: Number.MAX_SAFE_INTEGER,
};

const PAGE = 60;
/** Events before the one that the reader begins with. */
const ABOVE = 20;
/** The largest page that the server gives. */
const PAGE_MAX = 200;
/** What a room keeps while another one is on the screen. */
const KEEP = 300;
/** And if the reader was further up than that. Whoever has more to read begins here, too. */
const KEEP_MAX = 1_000;

const logs = new Map<string, Signal<Log>>();

export function logOf(room: string): Signal<Log> {
  let log = logs.get(room);
  if (log === undefined) {
    log = signal(EMPTY);
    logs.set(room, log);
  }
  return log;
}

function change(log: Signal<Log>, changes: Partial<Log>): void {
  log.value = { ...log.peek(), ...changes };
}

/** A room is about to be on the screen, and its reader begins with the event `from`; null: with the newest one. */
export function openLog(room: string, from: number | null): void {
  const log = logOf(room);
  change(log, { from: from ?? Number.MAX_SAFE_INTEGER });
  if (!reaches(log.peek())) change(log, { ready: false });
}

/** Whether the log needs nothing more to begin with. */
function reaches({ events, more, from }: Log): boolean {
  const first = events[0];
  return !more || events.length >= KEEP_MAX || (first !== undefined && first.seq <= from);
}

/** Read the newest part of an opened room's log, if this page does not have it yet. `head`: its newest event. */
export async function ensureLog(room: string, head: number): Promise<void> {
  const log = logOf(room);
  while (!log.peek().ready && !log.peek().loading) {
    const { events, from } = log.peek();
    const before = events[0]?.seq;
    const limit = Math.min(PAGE_MAX, Math.max(PAGE, (before ?? head) - from + ABOVE));
    await loadPage(room, before === undefined ? { limit } : { before, limit });
    if (log.peek().error !== "" || log.peek().events.length === events.length) return;
  }
}

export async function loadOlder(room: string): Promise<void> {
  const { events, ready, loading, more } = logOf(room).peek();
  const first = events[0];
  if (!ready || loading || !more || first === undefined) return;
  await loadPage(room, { before: first.seq, limit: PAGE });
}

async function loadPage(room: string, query: { before?: number; limit: number }): Promise<void> {
  const log = logOf(room);
  change(log, { loading: true, error: "" });
  try {
    const page = await client().history(room, query);
    if (logs.get(room) !== log) return; // forgotten in the meantime
    learn(page.events);
    seek(room, page.events);
    const events = mergeEvents(log.peek().events, page.events);
    const ready = log.peek().ready || reaches({ ...log.peek(), events, more: page.more });
    change(log, { events, ready, loading: false, more: page.more });
  } catch (error) {
    change(log, { loading: false, error: errorText(error) });
  }
}

/** A durable event arrived. Kept only for rooms that have been on the screen. */
export function receive(event: Event): void {
  learn([event]);
  const log = logs.get(event.room);
  if (log === undefined) return;
  seek(event.room, [event]);
  const events = mergeEvents(log.peek().events, [event]);
  change(log, { events });
  if (events.length > 2 * KEEP_MAX && event.room !== currentRoom.peek()) shrink(event.room);
}

function seek(room: string, events: readonly Event[]): void {
  void seekTitles(
    room,
    events.map((event) => event.sender),
  );
}

function learn(events: readonly Event[]): void {
  hintTitles(
    events.flatMap((e) =>
      e.type === "member_joined" && e.title ? [{ name: e.sender, title: e.title }] : [],
    ),
  );
}

/** Whether the event `seq` needs no stand-in: this page shows it, or does not show its room. */
export function isShown(room: string, seq: number): boolean {
  const log = logs.get(room);
  if (log === undefined) return true;
  const { events } = log.peek();
  return (events[events.length - 1]?.seq ?? 0) >= seq;
}

/** Where "new messages" stands from now on; null takes the line away. */
export function setDivider(room: string, read: number | null): void {
  const log = logOf(room);
  if (log.peek().divider !== read) change(log, { divider: read });
}

/** The room is no longer on the screen: keep only its newest part, so that memory stays bounded. */
export function shrink(room: string): void {
  const log = logs.get(room);
  if (log === undefined) return;
  const { events } = log.peek();
  const place = placeIn(room)?.seq;
  const at = place === undefined ? -1 : events.findIndex((event) => event.seq >= place);
  const wanted = at === -1 ? KEEP : events.length - at + ABOVE;
  const keep = Math.min(KEEP_MAX, Math.max(KEEP, wanted));
  if (events.length > keep) change(log, { events: events.slice(-keep), more: true });
}

export function forgetLog(room: string): void {
  const log = logs.get(room);
  if (log === undefined) return;
  logs.delete(room);
  log.value = EMPTY;
}

export function forgetLogs(): void {
  for (const room of [...logs.keys()]) forgetLog(room);
  forgetTitles();
}
