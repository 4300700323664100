import type { Event } from "hubbub-client";
import { describe, expect, it } from "vitest";
import { buildRows, firstUnread, type Row, seenUpTo, type Unsent } from "../src/lib/timeline";

const NOON = new Date(2026, 2, 10, 12, 0).getTime();
const MINUTE = 60_000;

function message(seq: number, sender: string, minutes: number, text = `text ${seq}`): Event {
  return { type: "message", room: "kitchen", seq, sender, ts: NOON + minutes * MINUTE, text };
}

function joined(seq: number, sender: string, minutes: number): Event {
  return { type: "member_joined", room: "kitchen", seq, sender, ts: NOON + minutes * MINUTE };
}

function outgoing(nonce: string, minutes: number): Unsent {
  return {
    type: "send",
    nonce,
    room: "kitchen",
    text: nonce,
    createdAt: NOON + minutes * MINUTE,
    status: "queued",
  };
}

/** "day", "line", "divider", "ada: first", "ada" for a message under the heading of the one before. */
function outline(rows: readonly Row[]): string[] {
  return rows.map((row) => {
    if (row.kind === "message") return row.first ? `${row.event.sender}: first` : row.event.sender;
    if (row.kind === "pending") return row.first ? "pending: first" : "pending";
    return row.kind;
  });
}

describe("grouping", () => {
  it("puts messages of one sender under one heading while the pauses are short", () => {
    const events = [message(1, "ada", 0), message(2, "ada", 4), message(3, "ada", 9), message(4, "bob", 9)];
    expect(outline(buildRows(events, [], "me", null))).toEqual([
      "day",
      "ada: first",
      "ada",
      "ada: first",
      "bob: first",
    ]);
  });

  it("starts a day with its heading and the sender's name", () => {
    const events = [message(1, "ada", 12 * 60 - 1), message(2, "ada", 12 * 60 + 1)];
    expect(outline(buildRows(events, [], "me", null))).toEqual(["day", "ada: first", "day", "ada: first"]);
  });

  it("joins neighbouring lines of one kind and breaks the sender's group at a line", () => {
    const events = [message(1, "ada", 0), joined(2, "bob", 1), joined(3, "cy", 1), message(4, "ada", 2)];
    const rows = buildRows(events, [], "me", null);
    expect(outline(rows)).toEqual(["day", "ada: first", "line", "ada: first"]);
    const line = rows[2];
    expect(line?.kind === "line" && line.events.map((event) => event.sender)).toEqual(["bob", "cy"]);
  });

  it("shows nothing of what a later version of the server has added", () => {
    const later: Event = {
      type: "unknown",
      room: "kitchen",
      seq: 2,
      sender: "bob",
      ts: NOON + 9 * 24 * 60 * MINUTE,
    };
    const events = [message(1, "ada", 0), later, message(3, "ada", 2)];
    expect(outline(buildRows(events, [], "me", null))).toEqual(["day", "ada: first", "ada"]);
    expect(outline(buildRows([later], [], "me", 1))).toEqual([]);
  });

  it("draws the divider before the first unread message of somebody else", () => {
    const events = [message(1, "ada", 0), message(2, "me", 1), joined(3, "cy", 1), message(4, "ada", 2)];
    expect(outline(buildRows(events, [], "me", 1))).toEqual([
      "day",
      "ada: first",
      "me: first",
      "line",
      "divider",
      "ada: first",
    ]);
  });

  it("draws no divider when nothing of others is unread", () => {
    const events = [message(1, "ada", 0), message(2, "me", 1)];
    expect(outline(buildRows(events, [], "me", 1))).not.toContain("divider");
    expect(firstUnread(events, "me", 1)).toBeNull();
  });

  it("puts pending messages last, under my heading", () => {
    const rows = buildRows([message(1, "me", 0)], [outgoing("a", 1), outgoing("b", 20)], "me", null);
    expect(outline(rows)).toEqual(["day", "me: first", "pending", "pending: first"]);
  });

  it("keeps the keys of messages when older ones are put before them", () => {
    const newer = [message(11, "ada", 5), message(12, "bob", 6)];
    const before = buildRows(newer, [], "me", null).map((row) => row.key);
    const after = buildRows([message(10, "cy", 4), ...newer], [], "me", null).map((row) => row.key);
    expect(after).toEqual(expect.arrayContaining(before));
    expect(new Set(after).size).toBe(after.length);
  });
});

describe("what has been seen", () => {
  it("does not go by the headings above a message", () => {
    const rows = buildRows([message(1, "ada", 0), joined(2, "cy", 1), message(3, "ada", 2)], [], "me", 2);
    expect(outline(rows)).toEqual(["day", "ada: first", "line", "divider", "ada: first"]);
    expect([0, 1, 2, 3, 4, 5, 9].map((count) => seenUpTo(rows, count))).toEqual([0, 0, 1, 2, 2, 3, 3]);
  });
});

describe("changes of the log", () => {
  const about = { room: "kitchen", sender: "bob", ts: NOON + MINUTE, about: 1 };

  it("have no row where they are shown on a message, nor where they are not known", () => {
    const events: Event[] = [
      message(1, "ada", 0),
      { type: "reaction_added", seq: 2, emoji: "👍", ...about },
      { type: "message_edited", seq: 3, text: "x", ...about },
      { type: "message_pinned", seq: 4, ...about } as unknown as Event,
      message(5, "ada", 2),
    ];
    expect(outline(buildRows(events, [], "me", null))).toEqual(["day", "ada: first", "ada"]);
  });

  it("of a room are lines that know what it was called before", () => {
    const renamed = (seq: number, title: string): Event => ({
      type: "room_changed",
      room: "kitchen",
      seq,
      sender: "ada",
      ts: NOON,
      title,
    });
    const rows = buildRows([renamed(1, "A"), renamed(2, "B")], [], "me", null);
    expect(rows.slice(1).map((row) => row.kind === "line" && row.before)).toEqual([
      null,
      { title: "A", topic: "" },
    ]);
  });

  it("that are mine and under way stand at their message", () => {
    const change = { type: "edit", about: 1, text: "x", nonce: "a", room: "kitchen", createdAt: 1 } as const;
    const rows = buildRows([message(1, "me", 0)], [], "me", null, [{ ...change, status: "sending" }]);
    expect(rows[1]).toMatchObject({ kind: "message", change: { nonce: "a" } });
  });

  it("a reply stands under its sender's name", () => {
    const reply = { ...message(2, "ada", 1), reply_to: 1 };
    expect(outline(buildRows([message(1, "ada", 0), reply as Event], [], "me", null))).toEqual([
      "day",
      "ada: first",
      "ada: first",
    ]);
  });
});
