import type { Event, Message, Reaction } from "hubbub-client";
import { plainText } from "./plain";
import { listNames, plural } from "./text";
import type { RoomNames } from "./timeline";

/** How much of a message is told where it is only mentioned. */
const MENTIONED_MAX = 60;

type NameOf = (name: string) => string;

/** What a message says where it is only mentioned: in a quote, in an announcement. */
export function mention(message: Message, max = MENTIONED_MAX): string {
  if (message.state?.deleted === true) return "Deleted message";
  return plainText(message.text ?? "", max);
}

/** What a change of the room's log is to a screen reader; "": nothing that needs to be said. `message`: the one meant. */
export function announcement(event: Event, message: Message | null, me: string, nameOf: NameOf): string {
  const mine = event.sender === me;
  const who = mine ? "You" : nameOf(event.sender);
  if (event.type === "room_changed") return `${who} ${roomChange(event, null)}`;
  if (message === null) return "";
  const whose = message.sender === me ? "your message" : `${nameOf(message.sender)}’s message`;
  switch (event.type) {
    case "message_edited":
      return `${who} edited a message: ${plainText(event.text ?? "")}`;
    case "message_deleted":
      return `${who} deleted a message`;
    case "reaction_added":
      return mine || message.sender === me
        ? `${who} reacted with ${event.emoji} to ${whose}: ${mention(message)}`
        : "";
    case "reaction_removed":
      return mine ? `You took ${event.emoji} back` : "";
    default:
      return "";
  }
}

/** "renamed the room to “Bakery”". `before`: what it was called, where that is known. */
export function roomChange({ title = "", topic = "" }: Partial<RoomNames>, before: RoomNames | null): string {
  const name = `renamed the room to “${title}”`;
  const about = topic === "" ? "removed the description" : `set the description to “${topic}”`;
  if (before === null)
    return topic === "" ? name : `set the room’s name to “${title}”, its description to “${topic}”`;
  const parts = [...(title !== before.title ? [name] : []), ...(topic !== before.topic ? [about] : [])];
  return parts.length === 0 ? "changed nothing about the room" : parts.join(" and ");
}

/** "Ada, Bob and 3 others", me as "You" in the first place. Names are those that are known, of `count` people. */
export function reactedBy({ count, users = [], mine = false }: Reaction, me: string, nameOf: NameOf): string {
  const others = users.filter((name) => name !== me).map(nameOf);
  const named = [...(mine ? ["You"] : []), ...others];
  const rest = count - named.length;
  if (rest <= 0) return listNames(named, named.length);
  return named.length === 0
    ? plural(count, "person", "people")
    : `${named.join(", ")} and ${plural(rest, "other")}`;
}
