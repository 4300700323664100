/**
 * The one owner of where the user is: the address, and what is open in front of it. Each layer is an entry of the
 * browser's history, so that Back takes away the topmost one and leaves what is behind as it was.
 */

import { batch, computed, signal } from "@preact/signals";
import { pathOf, placeOf } from "../lib/place";

export type DialogName =
  | "new-room"
  | "browse"
  | "switcher"
  | "account"
  | "leave"
  | "room"
  | "message"
  | "react"
  | "reactions"
  | "versions"
  | "delete"
  | "keys";

/** What stands in front of the room. `members` only where the screen is too small to show them beside it. */
export interface Layer {
  readonly name: DialogName | "members";
  /** new-room: what the form begins with. */
  readonly title?: string;
  /** new-room: the address that the form begins with. */
  readonly room?: string;
  /** Of a message: which one. */
  readonly seq?: number;
}

/** A traversal of the history that never arrives (there was no entry) is given up after this. */
const PATIENCE_MS = 1_000;

/** What the address shows. */
export const place = signal(placeOf(location.pathname));

/** The room on the screen, from the address `/r/ROOM`; null: no room is open. */
export const currentRoom = computed(() => (place.value.kind === "room" ? place.value.room : null));

/** What is open in front of the room, the topmost last. */
export const layers = signal<readonly Layer[]>(layersOf(history.state));

type Step = () => Promise<void> | void;

/** What is still to be done to the history after the traversal that is under way; null: none is. */
let waiting: Step[] | null = null;
let arrived: () => void = () => undefined;

let travelling = false;

/** Whether what changes on the screen, just now, is what the user comes back to by the browser's Back or Forward. */
export function isTravelling(): boolean {
  return travelling;
}

function layersOf(state: unknown): readonly Layer[] {
  const found = (state as { layers?: unknown } | null)?.layers;
  return Array.isArray(found) ? (found as Layer[]) : [];
}

/** Open a room, or none, with nothing in front of it. `replace`: instead of the page that is on the screen. */
export function go(room: string | null, replace = false): void {
  const depth = layers.peek().length;
  if (room === currentRoom.peek() && place.peek().kind !== "nowhere") {
    closeLayers();
    return;
  }
  batch(() => {
    place.value = placeOf(pathOf(room));
    layers.value = [];
  });
  // A single layer's entry becomes the new page's: then the address is right at once.
  if (depth === 1 && !replace) perform(() => write("replaceState", pathOf(room)));
  else {
    if (depth > 0) perform(() => traverse(-depth));
    perform(() => write(replace ? "replaceState" : "pushState", pathOf(room)));
  }
}

/** Open something in front of what is on the screen. */
export function openLayer(layer: Layer): void {
  const next = [...layers.peek(), layer];
  layers.value = next;
  perform(() => write("pushState", location.href, next));
}

/** Close the topmost layer. */
export function closeLayer(): void {
  if (layers.peek().length === 0) return;
  layers.value = layers.peek().slice(0, -1);
  perform(() => traverse(-1));
}

/** Close all layers. */
export function closeLayers(): void {
  const depth = layers.peek().length;
  if (depth === 0) return;
  layers.value = [];
  perform(() => traverse(-depth));
}

/** Do something to the history, after what is under way. */
function perform(step: Step): void {
  if (waiting !== null) {
    waiting.push(step);
    return;
  }
  const going = step();
  if (going === undefined) return;
  const steps: Step[] = [];
  waiting = steps;
  going.then(async () => {
    for (let next = steps.shift(); next !== undefined; next = steps.shift()) await next();
    waiting = null;
  });
}

function write(how: "pushState" | "replaceState", url: string, open: readonly Layer[] = []): void {
  try {
    history[how](open.length > 0 ? { layers: open } : null, "", url);
  } catch {
    // Safari refuses more than 100 in 30 seconds: the address lags behind, what is on the screen is right.
  }
}

function traverse(by: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS);
    arrived = () => {
      clearTimeout(timer);
      resolve();
    };
    history.go(by);
  });
}

addEventListener("popstate", () => {
  if (waiting !== null) {
    arrived(); // by us: what is on the screen is right already
    return;
  }
  travelling = true;
  batch(() => {
    place.value = placeOf(location.pathname);
    layers.value = layersOf(history.state);
  });
  travelling = false;
});
