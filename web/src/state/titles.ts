import type { MemberPage } from "hubbub-client";
import { nameBefore } from "../lib/before";
import { client } from "./connection";
import { isKnown, isNamed, learnTitles, staleTitles } from "./people";

/** The largest page that the server gives. */
const PAGE = 200;

/** What was asked about one room. */
interface Asked {
  /** Its first page of members, which is all of them in most rooms. */
  page: Promise<MemberPage>;
  names: Set<string>;
}

const rooms = new Map<string, Asked>();

/**
 * Find out what these people of a room call themselves, as far as nobody has told yet: by one page of members, and in a
 * room with more of them by one question for each who is not in it. Who has left the room keeps the user name.
 */
export async function seekTitles(room: string, names: Iterable<string>): Promise<void> {
  const strangers = [...new Set(names)].filter((name) => !isKnown(name) && !rooms.get(room)?.names.has(name));
  if (strangers.length === 0) return;
  const asked = rooms.get(room) ?? { page: client().members(room, undefined, PAGE), names: new Set() };
  rooms.set(room, asked);
  for (const name of strangers) asked.names.add(name);
  try {
    const { members, more } = await asked.page;
    learnTitles(members);
    const last = members.at(-1)?.name ?? "";
    for (const name of strangers) {
      if (!more || name <= last || isNamed(name)) continue;
      learnTitles((await client().members(room, nameBefore(name) ?? undefined, 1)).members);
    }
  } catch {
    // Names do. With the next connection's first message it is tried again.
    rooms.delete(room);
  }
}

/** What was asked before counts no more. */
export function forgetTitles(): void {
  rooms.clear();
  staleTitles();
}
