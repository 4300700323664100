import type { Event, Outgoing } from "hubbub-client";

/** A change of mine to a message. */
export type Change = Extract<Outgoing, { about: number }>;

export function isChange(entry: Outgoing): entry is Change {
  return "about" in entry;
}

/**
 * The events that changes of mine will become, to be folded into what is shown until the server has confirmed or
 * refused them. They come after everything that there is.
 */
export function expectedEvents(changes: readonly Change[], me: string): Event[] {
  const first = Number.MAX_SAFE_INTEGER - changes.length;
  return changes.map((change, at) => {
    const { room, about, createdAt } = change;
    return expected(change, { room, seq: first + at, sender: me, ts: createdAt, about });
  });
}

function expected(
  change: Change,
  place: { room: string; seq: number; sender: string; ts: number; about: number },
): Event {
  switch (change.type) {
    case "edit":
      return { type: "message_edited", ...place, text: change.text };
    case "delete":
      return { type: "message_deleted", ...place };
    case "react":
      return { type: "reaction_added", ...place, emoji: change.emoji };
    case "unreact":
      return { type: "reaction_removed", ...place, emoji: change.emoji };
  }
}
