import { EVENT_TYPES, type Event, type EventPage, type UnknownEvent } from "./vocabulary.js";

/**
 * The event that an object of the server is; null: it has no place in a log, so it is none. What a later version has
 * added is an event of the type `unknown`: it is skipped, and the cursor passes it.
 */
export function asEvent(object: { readonly type?: string | undefined }): Event | null {
  if (EVENT_TYPES.has(object.type)) return object as Event;
  const { room, seq, sender, ts } = object as Partial<UnknownEvent>;
  const placed =
    typeof room === "string" &&
    typeof seq === "number" &&
    typeof sender === "string" &&
    typeof ts === "number";
  return placed ? { type: "unknown", room, seq, sender, ts } : null;
}

export function knownPage(page: EventPage): EventPage {
  return { ...page, events: page.events.flatMap((event) => asEvent(event) ?? []) };
}
