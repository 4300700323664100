import { signal } from "@preact/signals";
import type { Event, Outgoing } from "hubbub-client";
import { client } from "./connection";

/** Messages of mine that have no event on this page yet, by nonce. */
export const outbox = signal<ReadonlyMap<string, Outgoing>>(new Map());

/** Those of one room, in the order in which they were written. */
export function pendingIn(room: string, entries: ReadonlyMap<string, Outgoing>): Outgoing[] {
  return [...entries.values()].filter((o) => o.room === room).sort((a, b) => a.createdAt - b.createdAt);
}

/** Take over what was waiting when the page was closed. */
export async function restoreOutbox(): Promise<void> {
  const entries = await client().outbox();
  const next = new Map(outbox.peek());
  for (const entry of entries)
    if (!next.has(entry.nonce) && entry.status !== "sent") next.set(entry.nonce, entry);
  outbox.value = next;
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
}

/** The event of a message of mine arrived: it takes the place of the entry that stood in for it. */
export function settle(event: Event): void {
  for (const entry of outbox.peek().values()) {
    if (entry.status === "sent" && entry.room === event.room && entry.seq === event.seq) {
      remove(entry.nonce);
      return;
    }
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
  outbox.value = new Map();
}
