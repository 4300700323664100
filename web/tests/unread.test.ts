import type { Event } from "hubbub-client";
import { describe, expect, it } from "vitest";
import {
  countEvent,
  countMessages,
  documentTitle,
  moveMark,
  refreshTally,
  type Tally,
} from "../src/lib/unread";

const START: Tally = { head: 10, read: 8, unread: 2 };

function message(seq: number, sender: string): Event {
  return { type: "message", room: "kitchen", seq, sender, ts: 0, text: "x" };
}

describe("counting", () => {
  it("counts each message of others once", () => {
    const once = countEvent(START, message(11, "ada"), "me");
    expect(once).toEqual({ head: 11, read: 8, unread: 3 });
    expect(countEvent(once, message(11, "ada"), "me")).toBe(once);
  });

  it("does not count what the server's number includes already", () => {
    expect(countEvent(START, message(9, "ada"), "me")).toBe(START);
  });

  it("does not count my own messages, nor who joined", () => {
    const own = countEvent(START, message(11, "me"), "me");
    const joined: Event = { type: "member_joined", room: "kitchen", seq: 12, sender: "bob", ts: 0 };
    expect(countEvent(own, joined, "me")).toEqual({ head: 12, read: 8, unread: 2 });
  });
});

describe("what has been on the screen", () => {
  const events = [
    message(9, "ada"),
    message(10, "me"),
    message(11, "ada"),
    message(12, "bob"),
    message(13, "ada"),
  ];
  it("is counted in messages of others after the mark, up to what was seen", () => {
    expect(countMessages(events, 9, 12, "me")).toBe(2);
    expect(countMessages(events, 8, 99, "me")).toBe(4);
    expect(countMessages(events, 13, 13, "me")).toBe(0);
    expect(countMessages([], 0, 5, "me")).toBe(0);
  });
});

describe("the read mark", () => {
  it("at the head leaves nothing unread", () => {
    expect(moveMark(START, 10)).toEqual({ head: 10, read: 10, unread: 0 });
    expect(moveMark(START, 10, 5).unread).toBe(0);
  });

  it("never moves back", () => {
    expect(moveMark(START, 3, 7)).toBe(START);
  });

  it("behind the head takes over the server's count", () => {
    expect(moveMark(START, 9, 1)).toEqual({ head: 10, read: 9, unread: 1 });
  });
});

describe("a fresh list from the server", () => {
  it("is taken over when it knows more", () => {
    expect(refreshTally(START, { head: 20, read: 8, unread: 9 })).toEqual({ head: 20, read: 8, unread: 9 });
    expect(refreshTally(undefined, START)).toEqual(START);
  });

  it("is ignored where this page knows more of the log", () => {
    expect(refreshTally(START, { head: 9, read: 8, unread: 1 })).toBe(START);
  });

  it("corrects the count where both know the same", () => {
    expect(refreshTally(START, { ...START, unread: 1 }).unread).toBe(1);
  });

  it("does not undo a mark that the server has not heard of", () => {
    const read = moveMark(START, 9, 1);
    expect(refreshTally(read, START)).toEqual(read);
  });

  it("does not bring back what has been read here", () => {
    const read = moveMark(START, 10);
    expect(refreshTally(read, START).unread).toBe(0);
  });
});

describe("the tab's title", () => {
  it("names the count, the room and the server", () => {
    expect(documentTitle(0, null, "Hubbub")).toBe("Hubbub");
    expect(documentTitle(3, "Kitchen", "Hubbub")).toBe("(3) Kitchen · Hubbub");
    expect(documentTitle(250, "Kitchen", "Hubbub")).toBe("(99+) Kitchen · Hubbub");
  });
});
