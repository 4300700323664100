import { signal } from "@preact/signals";
import type { Member, Presence, TypingChanged } from "hubbub-client";

/** Typing ends by itself after this long without a new signal. */
const TYPING_MS = 6_000;

/** Display names by user name. Who is missing is shown by the user name. */
const titles = signal<ReadonlyMap<string, string>>(new Map());

/** Who is online in the watched room. `names` is empty when `count` is too large for a list. */
export const online = signal<{ count: number; names: ReadonlySet<string> }>({ count: 0, names: new Set() });

/** User names of those who are typing in the watched room, in the order in which they began. */
export const typing = signal<readonly string[]>([]);

const timers = new Map<string, ReturnType<typeof setTimeout>>();

export function displayName(name: string): string {
  return titles.value.get(name) ?? name;
}

/** Whether a person has told a display name here. */
export function isKnown(name: string): boolean {
  return titles.peek().has(name);
}

export function learnTitles(people: Iterable<{ name: string; title?: string }>): void {
  let next: Map<string, string> | null = null;
  for (const { name, title } of people) {
    if (!title || (next ?? titles.peek()).get(name) === title) continue;
    next ??= new Map(titles.peek());
    next.set(name, title);
  }
  if (next !== null) titles.value = next;
}

export function setOnline(count: number, names: readonly string[]): void {
  online.value = { count, names: new Set(names) };
}

export function notePresence(presence: Presence): void {
  const names = new Set(online.peek().names);
  for (const name of presence.online ?? []) names.add(name);
  for (const name of presence.offline ?? []) names.delete(name);
  online.value = { count: presence.count, names: presence.count > 200 ? new Set() : names };
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
  setOnline(0, []);
}

/** Sort members for a list: by display name. */
export function byName(a: Pick<Member, "name" | "title">, b: Pick<Member, "name" | "title">): number {
  return (a.title || a.name).localeCompare(b.title || b.name);
}
