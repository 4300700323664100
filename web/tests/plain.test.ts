import { describe, expect, it } from "vitest";
import { plainText } from "../src/lib/plain";

describe("a text without marks", () => {
  it.each([
    ["**Hi** [there](https://x.org), `ls`\n```\ncode\n```", "Hi there, ls code"],
    ["snake_case_name, 2 * 3 > 5, #kitchen", "snake_case_name, 2 * 3 > 5, #kitchen"],
    ["1. a\n2. b\n4. c", "1. a 2. b 4. c"],
    ["> quoted\n\nanswer", "quoted answer"],
    ["| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"],
    ["¯\\_(ツ)_/¯", "¯\\_(ツ)_/¯"],
  ])("%s", (text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  it("is cut, and not within a character", () => {
    expect(plainText("x".repeat(300)).length).toBe(201);
    expect(plainText(`${"x".repeat(199)}🎉🎉`)).toBe(`${"x".repeat(199)}🎉…`);
  });
});
