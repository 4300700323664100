/** What a log says about each message: the law that pages and folds have to obey, written as plainly as possible. */

import type { Event, Message, MessageState, Reaction } from "../src/vocabulary.js";

const NAMED_MAX = 10;

/** The messages of a log, without fields that have their default, as they stand after its last event, by `seq`. `me`: for whom. */
export function stateOf(log: readonly Event[], me: string): Map<number, Message> {
  const found = new Map<number, Message>();
  for (const event of log) if (event.type === "message") found.set(event.seq, messageAt(log, event, me));
  return found;
}

/** A page of history as a server gives it: `limit` events before `before`, messages with their state. */
export function pageOf(log: readonly Event[], before: number, limit: number, me: string): Event[] {
  const states = stateOf(log, me);
  const events = log.filter((event) => event.seq < before).slice(-limit);
  return events.map((event) => states.get(event.seq) ?? event);
}

function messageAt(log: readonly Event[], message: Message, me: string): Message {
  const about = log.filter((event) => "about" in event && event.about === message.seq && isKnown(event));
  const last = about.at(-1);
  if (last === undefined) return message;
  const deleted = about.some((event) => event.type === "message_deleted");
  const edits = about.flatMap((event) => (event.type === "message_edited" ? [event] : []));
  const edited = edits.at(-1);
  const reacted = new Map<string, string[]>();
  for (const event of about) {
    if (event.type === "reaction_added") {
      reacted.set(event.emoji, [...(reacted.get(event.emoji) ?? []), event.sender]);
    } else if (event.type === "reaction_removed") {
      const left = (reacted.get(event.emoji) ?? []).filter((name) => name !== event.sender);
      if (left.length > 0) reacted.set(event.emoji, left);
      else reacted.delete(event.emoji);
    }
  }
  const reactions = deleted ? [] : [...reacted].map(([emoji, users]) => reactionOf(emoji, users, me));
  const state: MessageState = {
    seq: last.seq,
    ...(edited && !deleted && { edited_ts: edited.ts }),
    ...(deleted && { deleted }),
    ...(reactions.length > 0 && { reactions }),
  };
  return { ...message, text: deleted ? "" : (edited?.text ?? message.text ?? ""), state };
}

function reactionOf(emoji: string, users: readonly string[], me: string): Reaction {
  const named = users.slice(0, NAMED_MAX);
  return { emoji, count: users.length, users: named, ...(users.includes(me) && { mine: true }) };
}

function isKnown({ type }: Event): boolean {
  return ["message_edited", "message_deleted", "reaction_added", "reaction_removed"].includes(type);
}
