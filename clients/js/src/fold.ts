/**
 * What events do to what was there before. Pure, and the same law as the server's: a page of history shows the state of
 * its messages at the time of reading, which equals the plain events folded one by one.
 */

import type { Event, Message, MessageState, Reaction } from "./vocabulary.js";

/** An event that is about a message, by that message's `seq`. */
type Change = Extract<Event, { about: number }>;

/** So many names a reaction has in the state of a message; the others are only counted. */
const NAMED_MAX = 10;

/**
 * Put `fresh` (a page, or live events) into `events` (what a page of a screen holds), both ascending by `seq`, and fold
 * what happened to messages into them. `me`: whose reactions are `mine`. Returns `events` itself when nothing is new.
 *
 * The order in which pages and live events arrive does not matter, as long as there is no hole between the first and
 * the last event in the end. What the state of a message contains already is not applied again; an event of an unknown
 * kind changes nothing, nor does one about a message that is not there.
 */
export function foldEvents(events: readonly Event[], fresh: readonly Event[], me: string): readonly Event[] {
  const merged = merge(events, fresh);
  if (merged === events) return events;
  return foldChanges(merged, isAfter(events, fresh) ? fresh : merged, me);
}

/** Fold what `changes` say into the messages among `events`, without adding the changes themselves. */
export function foldChanges(
  events: readonly Event[],
  changes: readonly Event[],
  me: string,
): readonly Event[] {
  let folded: Event[] | null = null;
  for (const change of changes) {
    if (!isChange(change)) continue;
    const at = indexOf(folded ?? events, change.about);
    const before = (folded ?? events)[at];
    if (before?.type !== "message") continue;
    const after = foldMessage(before, change, me);
    if (after === before) continue;
    folded ??= [...events];
    folded[at] = after;
  }
  return folded ?? events;
}

/** The message after `event`; itself when the event is not about it, or is in its state already. */
export function foldMessage(message: Message, event: Event, me: string): Message {
  if (!isChange(event) || event.room !== message.room || event.about !== message.seq) return message;
  if (event.seq <= (message.state?.seq ?? message.seq)) return message;
  return applied(message, event, me);
}

/** A room's name and topic after `event`. `head`: the last event that they contain. */
export function foldRoom<R extends { head: number; title?: string; topic?: string }>(
  room: R,
  event: Event,
): R {
  if (event.seq <= room.head) return room;
  if (event.type !== "room_changed") return { ...room, head: event.seq };
  return { ...room, head: event.seq, title: event.title ?? "", topic: event.topic ?? "" };
}

function isChange(event: Event): event is Change {
  return "about" in event;
}

function applied(message: Message, event: Change, me: string): Message {
  const before: MessageState = message.state ?? { seq: message.seq };
  const { reactions = [] } = before;
  switch (event.type) {
    case "message_edited":
      return {
        ...message,
        text: event.text ?? "",
        state: { ...before, seq: event.seq, edited_ts: event.ts },
      };
    case "message_deleted":
      return { ...message, text: "", state: { seq: event.seq, deleted: true } };
    case "reaction_added":
      return {
        ...message,
        state: { ...before, seq: event.seq, reactions: withReaction(reactions, event, me) },
      };
    case "reaction_removed":
      return {
        ...message,
        state: { ...before, seq: event.seq, reactions: withoutReaction(reactions, event, me) },
      };
    default:
      return message; // of a later version
  }
}

type ReactionEvent = { emoji: string; sender: string };

function withReaction(
  reactions: readonly Reaction[],
  { emoji, sender }: ReactionEvent,
  me: string,
): Reaction[] {
  const at = reactions.findIndex((one) => one.emoji === emoji);
  const before = reactions[at] ?? { emoji, count: 0, users: [] };
  const { users = [] } = before;
  if (users.includes(sender) || (before.mine === true && sender === me)) return [...reactions];
  // Who stands after somebody without a name here cannot be named, either.
  const named = users.length === before.count && users.length < NAMED_MAX;
  const after: Reaction = {
    ...before,
    count: before.count + 1,
    users: named ? [...users, sender] : users,
    mine: before.mine === true || sender === me,
  };
  return at === -1 ? [...reactions, after] : reactions.map((one, index) => (index === at ? after : one));
}

function withoutReaction(
  reactions: readonly Reaction[],
  { emoji, sender }: ReactionEvent,
  me: string,
): Reaction[] {
  return reactions.flatMap((one) => {
    if (one.emoji !== emoji || (sender === me && one.mine !== true)) return [one];
    if (one.count <= 1) return [];
    const users = (one.users ?? []).filter((name) => name !== sender);
    return [{ ...one, count: one.count - 1, users, mine: one.mine === true && sender !== me }];
  });
}

function isAfter(events: readonly Event[], fresh: readonly Event[]): boolean {
  const last = events.at(-1);
  const first = fresh[0];
  return last === undefined || first === undefined || first.seq > last.seq;
}

function merge(events: readonly Event[], fresh: readonly Event[]): readonly Event[] {
  if (fresh.length === 0) return events;
  if (isAfter(events, fresh)) return [...events, ...fresh];
  const bySeq = new Map(events.map((event) => [event.seq, event]));
  let changed = false;
  for (const event of fresh) {
    const before = bySeq.get(event.seq);
    if (before !== undefined && stateSeq(event) <= stateSeq(before)) continue;
    bySeq.set(event.seq, event);
    changed = true;
  }
  return changed ? [...bySeq.values()].sort((a, b) => a.seq - b.seq) : events;
}

/** The last event that the state of a message contains; of anything else, it itself. */
function stateSeq(event: Event): number {
  return (event.type === "message" && event.state?.seq) || event.seq;
}

/** Where the event `seq` stands; -1: nowhere. */
function indexOf(events: readonly Event[], seq: number): number {
  let low = 0;
  let high = events.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = events[middle]?.seq ?? 0;
    if (found === seq) return middle;
    if (found < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
