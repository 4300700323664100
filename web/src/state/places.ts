/** Where the reader was in each room: the browser's Back leads there again, and so does a reload. */

import { pathOf } from "../lib/place";
import type { Place } from "../lib/window";
import { isTravelling } from "./route";

const KEY = "hubbub.places";

const places = new Map<string, Place>(restored());

/** The room that was opened last, and where. */
let opening: { room: string; place: Place | null } | null = null;

/** The path at which this page was loaded by Back, Forward or Reload, until its first room is open. */
let loaded: string | null = wasThereBefore() ? location.pathname : null;

addEventListener("pagehide", () => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...places]));
  } catch {
    // A browser that forbids storage begins at the end after a reload.
  }
});

/** The room is about to be on the screen. Returns where to open it; null: there is no place to go back to. */
export function openPlace(room: string): Place | null {
  const back = isTravelling() || loaded === pathOf(room);
  loaded = null;
  opening = { room, place: back ? (places.get(room) ?? null) : null };
  return opening.place;
}

/** The open room begins anew, and there. */
export function openAt(room: string, place: Place | null): void {
  opening = { room, place };
}

/** Where the room that was opened last begins. */
export function openingPlace(room: string): Place | null {
  return opening?.room === room ? opening.place : null;
}

/** The reader's place in the open room; null: at the end. */
export function notePlace(room: string, place: Place | null): void {
  if (place === null) places.delete(room);
  else places.set(room, place);
}

export function placeIn(room: string): Place | null {
  return places.get(room) ?? null;
}

export function forgetPlaces(): void {
  places.clear();
  opening = null;
  loaded = null;
}

function wasThereBefore(): boolean {
  const [navigation] = performance.getEntriesByType?.("navigation") ?? [];
  const type = (navigation as PerformanceNavigationTiming | undefined)?.type;
  return type === "reload" || type === "back_forward";
}

function restored(): [string, Place][] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  } catch {
    return [];
  }
}

function isKept(entry: unknown): entry is [string, Place] {
  if (!Array.isArray(entry) || typeof entry[0] !== "string") return false;
  const place = entry[1] as Partial<Place> | null;
  return Number.isInteger(place?.seq) && Number.isFinite(place?.offset);
}
