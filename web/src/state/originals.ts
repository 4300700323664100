import { signal } from "@preact/signals";
import { type Event, foldMessage, type Message } from "hubbub-client";
import { client } from "./connection";
import { me } from "./session";
import { seekTitles } from "./titles";

/** So many are remembered. */
const KEPT_MAX = 500;

/** Messages that are answered and are not in the part of a log that this page holds. null: could not be read. */
export const originals = signal<ReadonlyMap<string, Message | null>>(new Map());

const asked = new Set<string>();

function keyOf(room: string, seq: number): string {
  return `${room} ${seq}`;
}

export function originalOf(room: string, seq: number): Message | null | undefined {
  return originals.value.get(keyOf(room, seq));
}

/** Read a message that a reply quotes. A second call while it is under way does nothing. */
export async function seekOriginal(room: string, seq: number): Promise<void> {
  const key = keyOf(room, seq);
  if (asked.has(key) || originals.peek().get(key)) return;
  asked.add(key);
  try {
    const { events } = await client().history(room, { before: seq + 1, limit: 1 });
    const found = events.find((event) => event.seq === seq);
    put(key, found?.type === "message" ? found : null);
    if (found !== undefined) void seekTitles(room, [found.sender]);
  } catch {
    put(key, null); // the next time that it is shown it is tried again
  }
  asked.delete(key);
}

/** Something happened to a message: also to its quotes. */
export function noteOriginal(event: Event): void {
  if (!("about" in event)) return;
  const key = keyOf(event.room, event.about);
  const before = originals.peek().get(key);
  if (before == null) return;
  const after = foldMessage(before, event, me.peek()?.name ?? "");
  if (after !== before) put(key, after);
}

export function forgetOriginals(): void {
  asked.clear();
  originals.value = new Map();
}

function put(key: string, message: Message | null): void {
  const kept = [...originals.peek()].filter(([other]) => other !== key).slice(-KEPT_MAX + 1);
  originals.value = new Map([...kept, [key, message]]);
}
