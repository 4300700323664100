import { type Signal, signal } from "@preact/signals";
import { type Event, foldChanges, foldEvents, type Message } from "hubbub-client";
import { errorText } from "../lib/errors";
import { client } from "./connection";
import { hintTitles } from "./people";
import { placeIn } from "./places";
import { currentRoom } from "./route";
import { me } from "./session";
import { forgetTitles, seekTitles } from "./titles";

/** The part of a room's log that this page holds: without holes, and messages with what has happened to them. */
export interface Log {
  /** Ascending by `seq`. */
  readonly events: readonly Event[];
  /** Whether the newest page has arrived; before that `events` holds only what came live. */
  readonly ready: boolean;
  readonly loading: boolean;
  /** Whether there is more before the first of `events`. */
  readonly more: boolean;
  /** Whether they go on to the newest event. Not where the reader has followed a reply to far above. */
  readonly end: boolean;
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
  end: true,
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

/** So many of the last events are kept to be folded into a page that was read before they came. */
const RECENT = 200;
/** Events around one that is far from the others. */
const AROUND = 60;

const logs = new Map<string, Signal<Log>>();
/** The last events of each of those rooms. */
const recent = new Map<string, readonly Event[]>();

function myName(): string {
  return me.peek()?.name ?? "";
}

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

/** The message `seq` among a log's events; null: it is not there. */
export function messageIn(events: readonly Event[], seq: number): Message | null {
  const found = events[seq - (events[0]?.seq ?? 0)]; // there are no holes
  return found?.type === "message" && found.seq === seq ? found : null;
}

/**
 * See to it that the log holds the event `seq`, however far above it is: where much lies between, the part around it
 * takes the place of what is there. Raises HubbubError: disconnected and others.
 */
export async function loadAround(room: string, seq: number): Promise<void> {
  const log = logOf(room);
  const { events } = log.peek();
  const first = events[0]?.seq ?? 0;
  if (first <= seq && seq <= (events.at(-1)?.seq ?? 0)) return;
  const page = await readDown(room, seq + AROUND / 2, seq);
  if (logs.get(room) !== log) return;
  const touches = seq < first && first <= (page.events.at(-1)?.seq ?? 0) + 1;
  takePage(room, touches ? log.peek().events : [], page.events, { more: page.more });
}

/** What follows the part of the log that this page holds, where that is not the end. */
export async function loadNewer(room: string): Promise<void> {
  const log = logOf(room);
  const { events, ready, loading, end } = log.peek();
  const last = events.at(-1)?.seq ?? 0;
  if (!ready || loading || end) return;
  change(log, { loading: true });
  try {
    const page = await readDown(room, last + AROUND, last + 1);
    if (logs.get(room) === log) takePage(room, log.peek().events, page.events, {});
  } catch {
    // It is tried again when the reader scrolls.
  }
  change(log, { loading: false });
}

/** The events from `seq` (or some before it) up to `last`, or to the newest. A page may end early: its texts are long. */
async function readDown(
  room: string,
  last: number,
  seq: number,
): Promise<{ events: readonly Event[]; more: boolean }> {
  let before = Math.min(last, client().cursor(room) ?? last) + 1;
  let events: readonly Event[] = [];
  for (;;) {
    const page = await client().history(room, { before, limit: AROUND });
    events = [...page.events, ...events];
    before = events[0]?.seq ?? seq;
    if (before <= seq || page.events.length === 0) return { events, more: page.more };
  }
}

/** Leave what is far above: the log is its newest part again. */
export async function loadLatest(room: string): Promise<void> {
  const log = logOf(room);
  log.value = { ...EMPTY, divider: log.peek().divider };
  await ensureLog(room, client().cursor(room) ?? 0);
}

function takePage(room: string, held: readonly Event[], page: readonly Event[], changes: Partial<Log>): void {
  learn(page);
  seek(room, page);
  const merged = foldEvents(held, page, myName());
  const events = foldChanges(merged, recent.get(room) ?? [], myName());
  const end = (events.at(-1)?.seq ?? 0) >= (client().cursor(room) ?? 0);
  change(logOf(room), { ...changes, events, end, ready: true });
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
    const merged = foldEvents(log.peek().events, page.events, myName());
    const events = foldChanges(merged, recent.get(room) ?? [], myName());
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
  recent.set(event.room, [...(recent.get(event.room) ?? []), event].slice(-RECENT));
  const held = log.peek();
  const events = (held.end ? foldEvents : foldChanges)(held.events, [event], myName());
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
  return !logs.has(room) || (client().cursor(room) ?? 0) >= seq;
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
  const { events, end } = log.peek();
  if (!end) {
    log.value = EMPTY;
    return;
  }
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
  recent.delete(room);
  log.value = EMPTY;
}

export function forgetLogs(): void {
  for (const room of [...logs.keys()]) forgetLog(room);
  forgetTitles();
}
