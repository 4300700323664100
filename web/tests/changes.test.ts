import { type Event, foldChanges, type Message, type Outgoing } from "hubbub-client";
import { describe, expect, it } from "vitest";
import { announcement, mention, reactedBy, roomChange } from "../src/lib/changes";
import { type Change, expectedEvents } from "../src/lib/expected";

const nameOf = (name: string): string => name.toUpperCase();
const place = { room: "kitchen", seq: 9, sender: "bob", ts: 1 };
const message: Message = {
  type: "message",
  room: "kitchen",
  seq: 2,
  sender: "me",
  ts: 1,
  text: "*Hello* there",
};

describe("what I have changed and is not confirmed", () => {
  const change = (write: object): Change =>
    ({ nonce: "n", room: "kitchen", createdAt: 5, status: "sending", ...write }) as Outgoing as Change;
  const folded = (...changes: object[]): Message =>
    foldChanges([message], expectedEvents(changes.map(change), "me"), "me")[0] as Message;

  it("is shown as if it had happened, one after the other", () => {
    const shown = folded(
      { type: "edit", about: 2, text: "Hi" },
      { type: "react", about: 2, emoji: "👍" },
      { type: "react", about: 2, emoji: "🎉" },
      { type: "unreact", about: 2, emoji: "👍" },
    );
    expect(shown.text).toBe("Hi");
    expect(shown.state?.reactions).toEqual([{ emoji: "🎉", count: 1, users: ["me"], mine: true }]);
    expect(folded({ type: "delete", about: 2 }).state?.deleted).toBe(true);
  });

  it("counts once when its event is there before its answer", () => {
    const added: Event = { type: "reaction_added", ...place, seq: 3, sender: "me", about: 2, emoji: "👍" };
    const before = foldChanges([message], [added], "me");
    const again = expectedEvents([change({ type: "react", about: 2, emoji: "👍" })], "me");
    const after = foldChanges(before, again, "me")[0] as Message;
    expect(after.state?.reactions?.[0]?.count).toBe(1);
  });
});

describe("who reacted", () => {
  it("names me first, and counts those without a name", () => {
    const emoji = "👍";
    expect(reactedBy({ emoji, count: 1, users: ["me"], mine: true }, "me", nameOf)).toBe("You");
    expect(reactedBy({ emoji, count: 2, users: ["bob", "me"], mine: true }, "me", nameOf)).toBe(
      "You and BOB",
    );
    expect(reactedBy({ emoji, count: 12, users: ["bob", "cy"] }, "me", nameOf)).toBe("BOB, CY and 10 others");
    expect(reactedBy({ emoji, count: 12, users: ["bob"], mine: true }, "me", nameOf)).toBe(
      "You, BOB and 10 others",
    );
    expect(reactedBy({ emoji, count: 3 }, "me", nameOf)).toBe("3 people");
  });
});

describe("what a change says", () => {
  const told = (event: object, meant: Message | null = message): string =>
    announcement({ ...place, ...event } as Event, meant, "me", nameOf);

  it("to a screen reader", () => {
    expect(told({ type: "message_edited", about: 2, text: "**New**" })).toBe("BOB edited a message: New");
    expect(told({ type: "message_deleted", about: 2 })).toBe("BOB deleted a message");
    expect(told({ type: "reaction_added", about: 2, emoji: "👍" })).toBe(
      "BOB reacted with 👍 to your message: Hello there",
    );
    expect(told({ type: "room_changed", title: "Bakery" })).toBe("BOB renamed the room to “Bakery”");
  });

  it("nothing when it is about a message that is not here, between others, or not known", () => {
    expect(told({ type: "message_edited", about: 2, text: "x" }, null)).toBe("");
    expect(told({ type: "reaction_added", about: 2, emoji: "👍" }, { ...message, sender: "cy" })).toBe("");
    expect(told({ type: "message_pinned", about: 2 })).toBe("");
  });

  it("of a room, as exactly as is known", () => {
    const before = { title: "Kitchen", topic: "Cake" };
    expect(roomChange({ title: "Bakery", topic: "Cake" }, before)).toBe("renamed the room to “Bakery”");
    expect(roomChange({ title: "Kitchen", topic: "Tea" }, before)).toBe("set the description to “Tea”");
    expect(roomChange({ title: "Bakery" }, before)).toBe(
      "renamed the room to “Bakery” and removed the description",
    );
    expect(roomChange({ title: "Bakery", topic: "Tea" }, null)).toBe(
      "set the room’s name to “Bakery”, its description to “Tea”",
    );
    expect(roomChange(before, before)).toBe("changed nothing about the room");
  });

  it("in a quote", () => {
    expect(mention(message)).toBe("Hello there");
    expect(mention({ ...message, text: "", state: { seq: 3, deleted: true } })).toBe("Deleted message");
  });
});
