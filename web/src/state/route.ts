import { signal } from "@preact/signals";
import { isSlug } from "../lib/slug";

/** The room on the screen, from the address `/r/ROOM`; null: no room is open. */
export const currentRoom = signal<string | null>(roomOf(location.pathname));

function roomOf(path: string): string | null {
  const match = /^\/r\/([^/]+)\/?$/.exec(path);
  const room = match?.[1] ?? "";
  return isSlug(room) ? room : null;
}

export function pathOf(room: string | null): string {
  return room === null ? "/" : `/r/${room}`;
}

/** Open a room, or none. `replace`: without a step in the browser's history. */
export function go(room: string | null, replace = false): void {
  if (room === currentRoom.value) return;
  history[replace ? "replaceState" : "pushState"](null, "", pathOf(room));
  currentRoom.value = room;
}

addEventListener("popstate", () => {
  currentRoom.value = roomOf(location.pathname);
});
