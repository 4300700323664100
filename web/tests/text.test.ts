import { describe, expect, it } from "vitest";
import { isComposing } from "../src/lib/keys";
import { matchRooms } from "../src/lib/match";
import { isSlug, slugOf } from "../src/lib/slug";
import {
  byteLength,
  cutText,
  hueIndex,
  initials,
  limitText,
  listNames,
  plural,
  typingText,
} from "../src/lib/text";
import { dayText } from "../src/lib/time";
import { spanOf, WINDOW, WINDOW_MAX } from "../src/lib/window";

describe("slugs", () => {
  it.each([
    ["Coffee corner", "coffee-corner"],
    ["Café & Crème", "cafe-creme"],
    ["  Release 4.2!  ", "release-4-2"],
    ["Straße", "strasse"],
    ["don't panic", "dont-panic"],
    ["__private__", "private"],
    ["日本語 dev team", "dev-team"],
    ["Новости", "novosti"],
    ["Καλημέρα κόσμε", "kalimera-kosme"],
    ["おしゃべり", "oshaberi"],
    ["ﾁｬｯﾄ コーヒー", "chatto-kohi"],
    ["ちょっと きっぷ", "chotto-kippu"],
    ["수다방", "sudabang"],
    ["İstanbul ve ılık", "istanbul-ve-ilik"],
    ["", ""],
    ["   ", ""],
  ])("%s gives %s", (title, slug) => {
    expect(slugOf(title)).toBe(slug);
  });

  it("have a number where there is no Latin spelling, always the same", () => {
    const titles = [
      "日本語",
      "中文",
      "東京の天気",
      "🎉",
      "!!!",
      "مرحبا",
      "שלום",
      "नमस्ते",
      "สวัสดี",
      "日本語 v2",
      "---",
    ];
    for (const title of titles) {
      expect(slugOf(title)).toMatch(/^room-[1-9][0-9]{4}$/);
      expect(slugOf(` ${title}`)).toBe(slugOf(title));
    }
    expect(new Set(titles.map(slugOf)).size).toBe(titles.length);
  });

  it("are acceptable to the server whenever they are not empty", () => {
    for (const title of [
      "a".repeat(200),
      `${"a".repeat(63)} b`,
      "-x-",
      "9 lives",
      "Ærø",
      "ー",
      "っ",
      "ゃ",
      "한".repeat(40),
    ]) {
      expect(isSlug(slugOf(title))).toBe(true);
    }
  });

  it("begin with a letter or a digit", () => {
    expect(isSlug("-x")).toBe(false);
    expect(isSlug("X")).toBe(false);
    expect(isSlug("a".repeat(65))).toBe(false);
    expect(isSlug("a_b-c1")).toBe(true);
  });
});

describe("words", () => {
  it("list names", () => {
    expect(listNames(["Ada"])).toBe("Ada");
    expect(listNames(["Ada", "Bob"])).toBe("Ada and Bob");
    expect(listNames(["Ada", "Bob", "Cy"])).toBe("Ada, Bob and Cy");
    expect(listNames(["Ada", "Bob", "Cy", "Di", "Ed"])).toBe("Ada, Bob and 3 others");
  });

  it("say who is typing", () => {
    expect(typingText([])).toBe("");
    expect(typingText(["Ada"])).toBe("Ada is typing…");
    expect(typingText(["Ada", "Bob"])).toBe("Ada and Bob are typing…");
    expect(typingText(["Ada", "Bob", "Cy"])).toBe("Several people are typing…");
  });

  it("count", () => {
    expect(plural(1, "person", "people")).toBe("1 person");
    expect(plural(1234, "person", "people")).toBe("1,234 people");
  });

  it("make initials and a colour that stays", () => {
    expect(initials("Ada Lovelace")).toBe("AL");
    expect(initials("bob")).toBe("B");
    expect(initials("émile.zola")).toBe("ÉZ");
    expect(hueIndex("ada", 8)).toBe(hueIndex("ada", 8));
  });
});

describe("a key press", () => {
  it("belongs to the input method while it puts a word together, and at its end in Safari", () => {
    expect(isComposing({ isComposing: true, keyCode: 13 })).toBe(true);
    expect(isComposing({ isComposing: false, keyCode: 229 })).toBe(true);
    expect(isComposing({ isComposing: false, keyCode: 13 })).toBe(false);
  });
});

describe("the limit of a message", () => {
  it("is told in bytes, only when it is near", () => {
    expect(limitText("x".repeat(80), 100)).toBeNull();
    expect(limitText("x".repeat(95), 100)).toEqual({ over: false, text: "5 bytes left" });
    expect(limitText("é".repeat(51), 100)).toEqual({ over: true, text: "2 bytes too long" });
    expect(byteLength("é🎉")).toBe(6);
    expect(cutText(1).text).toContain("1 character was left out");
    expect(cutText(2345).text).toContain("2,345 characters were left out");
  });
});

describe("days", () => {
  const now = new Date(2026, 2, 30, 9, 0).getTime();
  it("are named as people do", () => {
    expect(dayText(now - 3_600_000, now)).toBe("Today");
    expect(dayText(new Date(2026, 2, 29, 23, 0).getTime(), now)).toBe("Yesterday");
    expect(dayText(new Date(2025, 2, 29).getTime(), now)).toContain("2025");
  });
});

describe("finding a room", () => {
  const rooms = [
    { id: "release", title: "Release 4.2" },
    { id: "kitchen", title: "Kitchen" },
    { id: "old-kitchen", title: "The old kitchen" },
    { id: "chit-chat", title: "Chit chat" },
  ];
  it("puts the best fit first", () => {
    expect(matchRooms(rooms, "kit").map((room) => room.id)).toEqual(["kitchen", "old-kitchen"]);
    expect(matchRooms(rooms, "#REL").map((room) => room.id)).toEqual(["release"]);
    expect(matchRooms(rooms, "zzz")).toEqual([]);
    expect(matchRooms(rooms, "")).toEqual(rooms);
  });

  it.each([
    ["backend 08", "Team 08 — Backend"],
    ["back team", "Team 08 — Backend"],
    ["kend", "Team 08 — Backend"],
    ["friends", "Fríends"],
    ["strasse", "Straße"],
    ["STRASSE", "Straße"],
    ["straße", "Strasse"],
    ["øl", "Ol og mad"],
    ["istanbul", "İstanbul"],
    ["かふぇ", "カフェ"],
    ["本語", "日本語"],
    ["ᄉ", "수다방"],
    ["🎉", "Party 🎉"],
    ["οδος", "ΟΔΟΣ"],
  ])("%s finds %s", (query, title) => {
    expect(
      matchRooms(
        [
          { id: "x", title },
          { id: "y", title: "Other" },
        ],
        query,
      ).map((one) => one.title),
    ).toEqual([title]);
  });
});

describe("the window of rows in the document", () => {
  const seqAt = (index: number): number => index + 1;
  it("is the newest part while the reader follows", () => {
    expect(spanOf(5000, seqAt, null)).toEqual({ from: 5000 - WINDOW, to: 5000 });
    expect(spanOf(10, seqAt, null)).toEqual({ from: 0, to: 10 });
  });
  it("stays with its first row while others come and go, and is bounded", () => {
    expect(spanOf(5000, seqAt, 1001)).toEqual({ from: 1000, to: 1000 + WINDOW_MAX });
    expect(spanOf(5100, (index) => index - 99, 1001)).toEqual({ from: 1100, to: 1100 + WINDOW_MAX });
  });
});
