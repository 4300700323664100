/**
 * Rooms whose title or id fits `query`, best first: a title that begins with it, then a word that does, then any place.
 * Rooms that fit equally keep their order. An empty query fits all.
 */
export function matchRooms<R extends { id: string; title: string }>(rooms: readonly R[], query: string): R[] {
  const wanted = query.trim().toLowerCase().replace(/^#/, "");
  if (wanted === "") return [...rooms];
  return rooms
    .map((room) => ({ room, rank: rank(room, wanted) }))
    .filter(({ rank }) => rank < NONE)
    .sort((a, b) => a.rank - b.rank)
    .map(({ room }) => room);
}

const NONE = 3;

function rank(room: { id: string; title: string }, wanted: string): number {
  const title = room.title.toLowerCase();
  if (title.startsWith(wanted) || room.id.startsWith(wanted)) return 0;
  if (title.split(/\s+/).some((word) => word.startsWith(wanted))) return 1;
  return title.includes(wanted) || room.id.includes(wanted) ? 2 : NONE;
}
