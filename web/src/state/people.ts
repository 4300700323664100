import { signal } from "@preact/signals";
import type { Member, Presence, TypingChanged } from "hubbub-client";

/** Typing ends by itself after this long without a new signal. */
const TYPING_MS = 6_000;

/**
 * Display names by user name: the one source of names for everything on the screen. An empty one: the person has none
 * and is shown by the user name, as is who is missing.
 */
const titles = signal<ReadonlyMap<string, string>>(new Map());

/** Who is online in the watched room. */
export interface Online {
  /** False while nobody has told it: just opened, or no connection. */
  readonly known: boolean;
  readonly count: number;
  /** Empty when `count` is too large for a list. */
  readonly names: ReadonlySet<string>;
}

const UNKNOWN: Online = { known: false, count: 0, names: new Set() };

export const online = signal<Online>(UNKNOWN);

/** User names of those who are typing in the watched room, in the order in which they began. */
export const typing = signal<readonly string[]>([]);

const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Names that were told since the connection was made. Before that they may have been changed unseen. */
const fresh = new Set<string>();

export function displayName(name: string): string {
  return titles.value.get(name) || name;
}

/** Whether this connection has told what a person is called now. */
export function isKnown(name: string): boolean {
  return fresh.has(name);
}

/** Whether there is a name to show, be it an old one. */
export function isNamed(name: string): boolean {
  return titles.peek().has(name);
}

/** What people are called now, as the server says. Without a `title` they have none. */
export function learnTitles(people: Iterable<{ name: string; title?: string }>): void {
  const now = [...people];
  for (const { name } of now) fresh.add(name);
  put(now);
}

/** What people were called at some time: it does where nothing newer is known. */
export function hintTitles(people: Iterable<{ name: string; title?: string }>): void {
  put([...people].filter(({ name, title }) => title && !titles.peek().has(name)));
}

function put(people: readonly { name: string; title?: string }[]): void {
  const changed = people.filter(({ name, title = "" }) => titles.peek().get(name) !== title);
  if (changed.length === 0) return;
  const next = new Map(titles.peek());
  for (const { name, title = "" } of changed) next.set(name, title);
  titles.value = next;
}

/** The connection is another one: names go on being shown, and are asked for again. */
export function staleTitles(): void {
  fresh.clear();
}

export function setOnline(count: number, names: readonly string[]): void {
  online.value = { known: true, count, names: new Set(names) };
}

export function notePresence(presence: Presence): void {
  const names = new Set(online.peek().names);
  for (const name of presence.online ?? []) names.add(name);
  for (const name of presence.offline ?? []) names.delete(name);
  online.value = {
    known: online.peek().known,
    count: presence.count,
    names: presence.count > 200 ? new Set() : names,
  };
}

export function noteTyping(change: TypingChanged): void {
  clearTimeout(timers.get(change.user));
  timers.delete(change.user);
  if (change.typing === false) {
    typing.value = typing.peek().filter((name) => name !== change.user);
    return;
  }
  if (!typing.peek().includes(change.user)) typing.value = [...typing.peek(), change.user];
  timers.set(
    change.user,
    setTimeout(() => stopTyping(change.user), TYPING_MS),
  );
}

/** Somebody's message arrived, so the typing that led to it is over. */
export function stopTyping(user: string): void {
  if (typing.peek().includes(user)) noteTyping({ type: "typing", room: "", user, typing: false });
}

/** The room on the screen changed: nothing is known about the next one yet. */
export function clearPresence(): void {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  typing.value = [];
  online.value = UNKNOWN;
}

/** Sort members for a list: by display name. */
export function byName(a: Pick<Member, "name">, b: Pick<Member, "name">): number {
  return displayName(a.name).localeCompare(displayName(b.name));
}
