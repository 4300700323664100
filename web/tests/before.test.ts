import { describe, expect, it } from "vitest";
import { nameBefore } from "../src/lib/before";

describe("the name before a name", () => {
  it("sorts before it, with no other name in between", () => {
    expect(nameBefore("bob")).toBe(`boa${"z".repeat(29)}`);
    expect(nameBefore("a")).toBe(`_${"z".repeat(31)}`);
    expect(nameBefore("b0")).toBe(`b.${"z".repeat(30)}`);
    expect(nameBefore("b-")).toBe("b");
    expect(nameBefore("x".repeat(32))).toBe(`${"x".repeat(31)}w`);
    for (const name of ["bob", "a", "b0", "b-", "a_b", "ada.l"])
      expect((nameBefore(name) ?? "") < name).toBe(true);
  });

  it("of the first one there is none", () => {
    expect(nameBefore("-")).toBeNull();
  });
});
