import type { Event, Member, RoomEntry } from "../../clients/js/src/vocabulary";

/** An invented team and its conversation, for looking at the app without a server (`npm run demo -w web`). */
export const PEOPLE: readonly Member[] = [
  { name: "ada", title: "Ada Okafor", online: true },
  { name: "jonas", title: "Jonas Brandt", online: true },
  { name: "mei", title: "Mei Tanaka", online: true },
  { name: "sofia", title: "Sofia Reyes", online: true },
  { name: "tom", title: "Tom Hale" },
  { name: "priya", title: "Priya Nair" },
];

export const ROOMS: readonly (RoomEntry & { unread: number; ago: number })[] = [
  {
    room: "release",
    title: "Release 4.2",
    topic: "Ship on Thursday. Blockers first.",
    members: 6,
    member: true,
    unread: 3,
    ago: 4,
  },
  {
    room: "kitchen",
    title: "Kitchen",
    topic: "Cake, coffee and everything else",
    members: 14,
    member: true,
    unread: 12,
    ago: 26,
  },
  { room: "support", title: "Customer support", topic: "", members: 9, member: true, unread: 0, ago: 95 },
  { room: "design", title: "Design", topic: "Show early", members: 5, member: true, unread: 0, ago: 1500 },
  { room: "bikes", title: "Bikes", topic: "", members: 3, member: true, unread: 0, ago: 4400 },
  {
    room: "books",
    title: "Book club",
    topic: "This month: The Left Hand of Darkness",
    members: 8,
    member: false,
    unread: 0,
    ago: 0,
  },
];

type Said = [sender: string, minutesAgo: number, text: string];

const TALK: readonly Said[] = [
  ["jonas", 1460, "Feature freeze is today at six. What is still open?"],
  [
    "mei",
    1452,
    "Only the import of old calendars. I have it working for everything but *recurring events with exceptions*.",
  ],
  [
    "mei",
    1451,
    "One of those has 214 exceptions. Somebody moved their weekly meeting, every week, for four years.",
  ],
  ["sofia", 1440, "I know exactly who that is."],
  ["ada", 1433, "Let us ship without it and say so in the notes. Better late than wrong."],
  ["jonas", 190, "Morning! The candidate is on staging since eight. Please be mean to it."],
  [
    "sofia",
    176,
    "Signed in with all three test accounts, exports look right:\n\n- PDF: fine\n- CSV: fine, umlauts too\n- iCal: **one hour early** for events in Lisbon",
  ],
  [
    "mei",
    168,
    "Lisbon is mine. The zone file on staging is from before the change:\n\n```\n$ zdump -v Europe/Lisbon | grep 2026 | wc -l\n0\n```\n\nNothing for this year. I'll update the image.",
  ],
  ["ada", 160, "Good catch. Could that be wrong in production, too?"],
  [
    "mei",
    158,
    "No, production has `tzdata 2026a`. Checked with the [zone list](https://www.iana.org/time-zones).",
  ],
  ["mei", 131, "Staging is updated, the Lisbon export is right now."],
  ["jonas", 12, "Load test is through: 40 minutes, 3,000 people, slowest answer 180 ms."],
  ["jonas", 11, "Last week that was 900 ms, by the way."],
  ["sofia", 6, "🎉"],
  ["ada", 4, "That is the best news of the week. Thursday stands."],
];

/** The log of one room: its creation, who joined, and what was said. `extra` puts that many messages before it. */
export function talkOf(room: string, now: number, extra = 0): Event[] {
  const events: Event[] = [];
  const at = (minutes: number): number => now - minutes * 60_000;
  const next = (): number => events.length + 1;
  const title = ROOMS.find((entry) => entry.room === room)?.title ?? room;
  events.push({ type: "room_created", room, seq: next(), sender: "ada", ts: at(9000), title });
  for (const person of PEOPLE) {
    events.push({
      type: "member_joined",
      room,
      seq: next(),
      sender: person.name,
      ts: at(8990),
      title: person.title ?? "",
    });
  }
  for (let i = 0; i < extra; i++) {
    const sender = PEOPLE[(i >> 2) % PEOPLE.length]?.name ?? "ada";
    events.push({
      type: "message",
      room,
      seq: next(),
      sender,
      ts: at(8000 - i),
      text: `Line ${i + 1} of a long conversation.`,
    });
  }
  if (room === "release") {
    for (const [sender, minutes, text] of TALK) {
      events.push({ type: "message", room, seq: next(), sender, ts: at(minutes), text });
    }
  }
  if (room === "release") {
    const found = (start: string): number =>
      events.find((e) => e.type === "message" && e.text?.startsWith(start))?.seq ?? 0;
    const react = (about: number, emoji: string, ...senders: string[]): void => {
      for (const sender of senders) {
        events.push({ type: "reaction_added", room, seq: next(), sender, ts: at(3), about, emoji });
      }
    };
    react(found("Load test"), "🎉", "ada", "mei", "sofia", "tom");
    react(found("Load test"), "👍🏽", "priya");
    react(found("That is the best"), "❤️", "jonas", "sofia");
    const edited = found("Last week");
    const text = "Last week that was 900 ms, by the way. *On the same machine.*";
    events.push({
      type: "message_edited",
      room,
      seq: next(),
      sender: "jonas",
      ts: at(2),
      about: edited,
      text,
    });
    const reply = { room, seq: next(), sender: "mei", ts: at(1), text: "And the calendars?" };
    events.push({ type: "message", ...reply, reply_to: extra > 0 ? 20 : found("Let us ship") });
  }
  return events;
}
