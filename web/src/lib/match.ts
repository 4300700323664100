import { fold } from "./fold";

/**
 * Rooms that fit `query`, best first: a title that begins with it, then one in which words begin with each of its
 * words, then one in which each of its words stands somewhere, in any order. Case, accents and punctuation do not
 * count. Rooms that fit equally keep their order. An empty query fits all.
 */
export function matchRooms<R extends { id: string; title: string }>(rooms: readonly R[], query: string): R[] {
  const wanted = wordsOf(fold(query));
  if (wanted.length === 0) return [...rooms];
  return rooms
    .map((room) => ({ room, rank: rank(room, wanted) }))
    .filter(({ rank }) => rank < NONE)
    .sort((a, b) => a.rank - b.rank)
    .map(({ room }) => room);
}

const NONE = 3;

function wordsOf(text: string): string[] {
  return text.split(/[\s\p{P}]+/u).filter(Boolean);
}

function rank(room: { id: string; title: string }, wanted: readonly string[]): number {
  const title = wordsOf(fold(room.title));
  const id = wordsOf(room.id);
  const whole = wanted.join(" ");
  if (title.join(" ").startsWith(whole) || id.join(" ").startsWith(whole)) return 0;
  const words = [...title, ...id];
  if (wanted.every((part) => words.some((word) => word.startsWith(part)))) return 1;
  return wanted.every((part) => words.some((word) => word.includes(part))) ? 2 : NONE;
}
