import { isSlug, slugOf } from "./slug";

/** What an address shows. `src/hubbub/http/pages.py` knows the same addresses, and answers 404 to all others. */
export type Place =
  | { kind: "home" }
  | { kind: "room"; room: string }
  /** No page has it. `title`: what a room would be called whose address this was meant to be; "": it cannot be one. */
  | { kind: "nowhere"; path: string; title: string };

/** `path`: as in `location.pathname`, with its percent-encoding. */
export function placeOf(path: string): Place {
  if (path === "/") return { kind: "home" };
  const plain = decoded(path);
  const room = /^\/r\/([^/]+)\/?$/.exec(plain)?.[1] ?? "";
  if (isSlug(room)) return { kind: "room", room };
  const wanted = /^\/(?!r\/?$)(?:r\/)?([^/.]+)\/?$/.exec(plain)?.[1] ?? "";
  return { kind: "nowhere", path: plain, title: slugOf(wanted) === "" ? "" : titleOf(wanted) };
}

export function pathOf(room: string | null): string {
  return room === null ? "/" : `/r/${room}`;
}

/** What a room may be called that has this address: "coffee-corner" gives "Coffee corner". */
export function titleOf(room: string): string {
  const words = room.replace(/[-_\s]+/g, " ").trim();
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
