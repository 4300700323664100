import type { Event } from "hubbub-client";

/** Where a user stands in one room. `unread` counts messages of others after `read`, up to and including `head`. */
export interface Tally {
  readonly head: number;
  readonly read: number;
  readonly unread: number;
}

/** Count an event once: one that the tally has seen (`seq` up to `head`) changes nothing, in whatever order it comes. */
export function countEvent(tally: Tally, event: Event, me: string): Tally {
  if (event.seq <= tally.head) return tally;
  const counts = event.type === "message" && event.sender !== me && event.seq > tally.read;
  return { head: event.seq, read: tally.read, unread: tally.unread + (counts ? 1 : 0) };
}

/** How many messages of others than `me` stand in the log after `read`, up to and including `seq`. */
export function countMessages(events: readonly Event[], read: number, seq: number, me: string): number {
  let count = 0;
  for (let at = events.length - 1; at >= 0; at--) {
    const event = events[at];
    if (event === undefined || event.seq <= read) break;
    if (event.seq <= seq && event.type === "message" && event.sender !== me) count++;
  }
  return count;
}

/**
 * The read mark moved to `read`, here or on another device. `unread`: what the server counted, if it told.
 *
 * A mark at or past the head leaves nothing unread, whatever an answer that was under way says.
 */
export function moveMark(tally: Tally, read: number, unread?: number): Tally {
  if (read <= tally.read) return tally;
  if (read >= tally.head) return { head: tally.head, read, unread: 0 };
  return { head: tally.head, read, unread: unread ?? tally.unread };
}

/** Take over what the server says, unless this tally already knows more of the log. */
export function refreshTally(tally: Tally | undefined, told: Tally): Tally {
  if (tally === undefined || told.head > tally.head) {
    const read = Math.max(told.read, tally?.read ?? 0);
    return { head: told.head, read, unread: read >= told.head ? 0 : told.unread };
  }
  if (told.head === tally.head && told.read === tally.read) return { ...tally, unread: told.unread };
  return told.read > tally.read ? moveMark(tally, told.read) : tally;
}

/** The browser tab's title: "(3) Kitchen · Hubbub". */
export function documentTitle(unread: number, room: string | null, server: string): string {
  const count = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ` : "";
  return count + (room === null ? server : `${room} · ${server}`);
}
