import { type Signal, signal } from "@preact/signals";
import type { Event } from "hubbub-client";
import { errorText } from "../lib/errors";
import { mergeEvents } from "../lib/timeline";
import { client } from "./connection";
import { learnTitles } from "./people";
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
}

const EMPTY: Log = { events: [], ready: false, loading: false, more: false, error: "", divider: null };

const PAGE = 60;
/** The largest page that the server gives. */
const PAGE_MAX = 200;
/** What a room keeps while another one is on the screen. */
const KEEP = 300;

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

/** Read a room's newest page if this page has none yet, with all that is unread if that is not too much. */
export async function ensureLog(room: string, unread: number): Promise<void> {
  const { ready, loading } = logOf(room).peek();
  if (ready || loading) return;
  await loadPage(room, { limit: Math.min(PAGE_MAX, Math.max(PAGE, unread + 20)) });
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
    change(log, {
      events: mergeEvents(log.peek().events, page.events),
      ready: true,
      loading: false,
      more: page.more,
    });
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
  change(log, { events: mergeEvents(log.peek().events, [event]) });
}

function seek(room: string, events: readonly Event[]): void {
  void seekTitles(
    room,
    events.map((event) => event.sender),
  );
}

function learn(events: readonly Event[]): void {
  learnTitles(
    events.flatMap((e) =>
      e.type === "member_joined" && e.title ? [{ name: e.sender, title: e.title }] : [],
    ),
  );
}

/** Whether the event `seq` needs no stand-in: this page shows it, or does not show its room. */
export function isShown(room: string, seq: number): boolean {
  const log = logs.get(room);
  if (log === undefined) return true;
  const { events, ready } = log.peek();
  return ready && (events[events.length - 1]?.seq ?? 0) >= seq;
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
  if (events.length > KEEP) change(log, { events: events.slice(-KEEP), more: true });
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
