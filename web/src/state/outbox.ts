import { signal } from "@preact/signals";
import type { Event, Outgoing } from "hubbub-client";
import { type Change, isChange } from "../lib/expected";
import type { Unsent } from "../lib/timeline";
import { client } from "./connection";
import { notify } from "./notices";

/** What I wrote and changed that has no event on this page yet, by nonce. */
export const outbox = signal<ReadonlyMap<string, Outgoing>>(new Map());

/** Who waits for what becomes of an entry, by nonce. */
const waiting = new Map<string, (entry: Outgoing) => void>();

function inRoom(room: string, entries: ReadonlyMap<string, Outgoing>): Outgoing[] {
  return [...entries.values()].filter((o) => o.room === room).sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
}

/** The messages of one room, in the order in which they were written. */
export function pendingIn(room: string, entries: ReadonlyMap<string, Outgoing>): Unsent[] {
  return inRoom(room, entries).filter((entry) => entry.type === "send");
}

/** The changes to messages of one room, in the order in which they were made. */
export function changesIn(room: string, entries: ReadonlyMap<string, Outgoing>): Change[] {
  return inRoom(room, entries).filter(isChange);
}

/** Resolves when the entry is sent or has failed. Who asks has to say why it failed. */
export function outcome(nonce: string): Promise<Outgoing> {
  return new Promise((resolve) => waiting.set(nonce, resolve));
}

/** Take over what was waiting when the page was closed. */
export async function restoreOutbox(): Promise<void> {
  const entries = await client().outbox();
  const next = new Map(outbox.peek());
  for (const entry of entries)
    if (!next.has(entry.nonce) && entry.status !== "sent") next.set(entry.nonce, entry);
  outbox.value = next;
  for (const entry of entries) if (entry.status === "failed") noteFailed(entry);
}

/**
 * An entry changed. A sent one stays, looking sent, until its event is on the screen.
 *
 * `shown`: whether the room's log on this page reaches `seq` already or is not kept at all, so that nothing has to
 * stand in for the event.
 */
export function noteOutgoing(entry: Outgoing, shown: (room: string, seq: number) => boolean): void {
  const next = new Map(outbox.peek());
  if (entry.status === "sent" && shown(entry.room, entry.seq ?? 0)) next.delete(entry.nonce);
  else next.set(entry.nonce, { ...entry });
  outbox.value = next;
  if (entry.status === "sent" || entry.status === "failed") {
    const awaited = waiting.get(entry.nonce);
    waiting.delete(entry.nonce);
    if (entry.status === "failed") noteFailed(entry, awaited !== undefined);
    awaited?.(entry);
  }
}

const FAILED = {
  delete: "The message was not deleted.",
  react: "Your reaction was not added.",
  unreact: "Your reaction was not taken back.",
  change_room: "The room was not changed.",
} as const;

/** What somebody typed stays, to be tried again. Everything else is as it was, and is said. */
function noteFailed(entry: Outgoing, told = false): void {
  if (entry.type === "send" || entry.type === "edit") return;
  discard(entry.nonce).catch(() => undefined);
  if (!told) notify(`${FAILED[entry.type]} ${entry.error?.message ?? ""}`);
}

/** An event arrived: no entry that was sent before it has to stand in for anything any more. */
export function settle(event: Event): void {
  for (const entry of outbox.peek().values()) {
    const there = entry.status === "sent" && entry.room === event.room && (entry.seq ?? 0) <= event.seq;
    if (there) remove(entry.nonce);
  }
}

export function retry(nonce: string): void {
  client().retry(nonce);
}

export async function discard(nonce: string): Promise<void> {
  await client().discard(nonce);
  remove(nonce);
}

function remove(nonce: string): void {
  const next = new Map(outbox.peek());
  next.delete(nonce);
  outbox.value = next;
}

export function forgetOutbox(): void {
  waiting.clear();
  outbox.value = new Map();
}
