/** How ids of one kind are made, for their order. The characters stand as a server sorts them. */
interface Kind {
  first: string;
  rest: string;
  longest: number;
}

const ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyz";
const USER: Kind = { first: ALPHANUMERIC, rest: "-.0123456789_abcdefghijklmnopqrstuvwxyz", longest: 32 };
const ROOM: Kind = { first: ALPHANUMERIC, rest: "-0123456789_abcdefghijklmnopqrstuvwxyz", longest: 64 };

/**
 * The greatest user name that sorts before `name`; null: there is none. A page of members after it begins with `name`,
 * if that is a member.
 */
export function nameBefore(name: string): string | null {
  return before(name, USER);
}

/** The same for the address of a room, and pages of the directory. */
export function roomBefore(room: string): string | null {
  return before(room, ROOM);
}

function before(id: string, { first, rest, longest }: Kind): string | null {
  const head = id.slice(0, -1);
  const characters = head === "" ? first : rest;
  const at = characters.indexOf(id.slice(-1));
  if (at > 0) return (head + characters[at - 1]).padEnd(longest, rest.slice(-1));
  return head === "" ? null : head;
}
