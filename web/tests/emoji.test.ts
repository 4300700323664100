import { describe, expect, it } from "vitest";
import { isEmojiOnly } from "../src/lib/plain";

describe("a message of emoji and nothing else", () => {
  it.each([
    ["a picture", "🎉"],
    ["three", "🎉🎉 🍰"],
    ["by U+FE0F", "❤️"],
    ["a text sign made a picture", "©️"],
    ["a skin colour", "👍🏽"],
    ["a skin colour on a text sign", "☝🏽"],
    ["a family", "👩‍👩‍👧‍👦"],
    ["couples with two skin colours", "👩🏽‍❤️‍💋‍👨🏿👩🏽‍❤️‍💋‍👨🏿👩🏽‍❤️‍💋‍👨🏿"],
    ["joined without U+FE0F", "🏃‍♀"],
    ["joined to a text sign", "⛹🏿‍♂️"],
    ["a flag of two letters", "🇩🇪"],
    ["three flags", "🇯🇵🇮🇳🇪🇬"],
    ["a flag of a region", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
    ["a flag that is joined", "🏳️‍🌈"],
    ["keycaps", "1️⃣#️⃣*️⃣"],
  ])("is shown large: %s", (_what, text) => {
    expect(isEmojiOnly(text)).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["four", "🎉🎉🎉🎉"],
    ["a sign of the text", "©"],
    ["a trade mark", "™"],
    ["arrows", "↔"],
    ["digits", "123"],
    ["a number sign", "#"],
    ["letters", "ok 🎉"],
    ["half a flag", "🇩"],
    ["a skin colour and letters", "🏽 a"],
  ])("is not: %s", (_what, text) => {
    expect(isEmojiOnly(text)).toBe(false);
  });
});
