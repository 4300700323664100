import { describe, expect, it } from "vitest";
import { nameBefore, roomBefore } from "../src/lib/before";

describe("the name before a name", () => {
  it("sorts before it, with no other name in between", () => {
    expect(nameBefore("bob")).toBe(`boa${"z".repeat(29)}`);
    expect(nameBefore("a")).toBe(`9${"z".repeat(31)}`);
    expect(nameBefore("b0")).toBe(`b.${"z".repeat(30)}`);
    expect(nameBefore("b-")).toBe("b");
    expect(nameBefore("x".repeat(32))).toBe(`${"x".repeat(31)}w`);
    for (const name of ["bob", "a", "b0", "b-", "a_b", "ada.l"])
      expect((nameBefore(name) ?? "") < name).toBe(true);
  });

  it("the address of a room is longer, and has no dots", () => {
    expect(roomBefore("kitchen")).toBe(`kitchem${"z".repeat(57)}`);
    expect(roomBefore("a")).toBe(`9${"z".repeat(63)}`);
    expect(roomBefore("b0")).toBe(`b-${"z".repeat(62)}`);
    expect(roomBefore("b-")).toBe("b");
    expect(roomBefore("0")).toBeNull();
  });

  it("of the first one there is none", () => {
    expect(nameBefore("0")).toBeNull();
  });
});
