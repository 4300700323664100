import table from "virtual:emoji";
import { describe, expect, it } from "vitest";
import { putFirst, QUICK, readEmoji, searchEmoji, TONES, withoutTone, withTone } from "../src/lib/emoji";

const groups = readEmoji(table);
const all = groups.flatMap((group) => group.emoji);
const UNICODE_SETS = "v";
const RGI = new RegExp("^\\p{RGI_Emoji}$", UNICODE_SETS);
const names = (query: string): string[] => searchEmoji(groups, query).map(({ name }) => name);

describe("the picker's emoji", () => {
  it("are Unicode's, each once, in nine groups", () => {
    expect(groups).toHaveLength(9);
    expect(all.length).toBeGreaterThan(1_800);
    expect(new Set(all.map(({ emoji }) => emoji)).size).toBe(all.length);
    expect(all.filter(({ emoji }) => !RGI.test(emoji))).toEqual([]);
    expect(all.filter(({ name }) => name === "")).toEqual([]);
    for (const emoji of QUICK) expect(all.map((one) => one.emoji)).toContain(emoji);
  });

  it("take a skin tone as Unicode writes it, and lose it again", () => {
    const wrong = all.flatMap((one) =>
      TONES.map((tone) => [one, tone, withTone(one, tone)] as const).filter(
        ([, , toned]) => !RGI.test(toned),
      ),
    );
    expect(wrong).toEqual([]);
    const changed = all.filter((one) => withTone(one, TONES[1]) !== one.emoji);
    expect(changed).toEqual(all.filter((one) => one.tones));
    expect(withTone({ emoji: "☝️", tones: true }, TONES[3])).toBe("☝🏽");
    expect(withoutTone("👍🏿")).toBe("👍");
  });
});

describe("search", () => {
  it("finds by name, by the beginnings of words, by keywords, and an emoji itself", () => {
    expect(names("thumbs up")[0]).toBe("thumbs up");
    expect(names("thu u")).toContain("thumbs up");
    expect(names("+1")).toContain("thumbs up");
    expect(names("LOL")).toContain("face with tears of joy");
    expect(names("pinata")).toEqual(["piñata"]);
    expect(searchEmoji(groups, "👍🏽")[0]?.name).toBe("thumbs up");
  });

  it("finds nothing for nothing, or for what there is not", () => {
    expect(names(" ")).toEqual([]);
    expect(names("xyzzy")).toEqual([]);
  });
});

it("what was used last stands first, once", () => {
  expect(putFirst(["a", "b", "c"], "b", 3)).toEqual(["b", "a", "c"]);
  expect(putFirst(["a", "b", "c"], "d", 3)).toEqual(["d", "a", "b"]);
});
