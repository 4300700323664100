import { describe, expect, it } from "vitest";
import { pathOf, placeOf, titleOf } from "../src/lib/place";

describe("an address", () => {
  it("is home or a room's", () => {
    expect(placeOf("/")).toEqual({ kind: "home" });
    for (const path of ["/r/coffee-corner", "/r/coffee-corner/", "/r/%63offee-corner"])
      expect(placeOf(path)).toEqual({ kind: "room", room: "coffee-corner" });
    expect(pathOf("coffee-corner")).toBe("/r/coffee-corner");
    expect(pathOf(null)).toBe("/");
  });

  it.each([
    ["/foo", "/foo", "Foo"],
    ["/r/General", "/r/General", "General"],
    ["/r/%E6%97%A5%E6%9C%AC", "/r/日本", "日本"],
    ["/r/coffee%20corner", "/r/coffee corner", "Coffee corner"],
    ["/r/", "/r/", ""],
    ["/r", "/r", ""],
    ["/r/a/b", "/r/a/b", ""],
    ["/foo.html", "/foo.html", ""],
    ["/%", "/%", "%"],
    ["//", "//", ""],
    ["/%20", "/ ", ""],
  ])("%s is nobody's", (path, plain, title) => {
    expect(placeOf(path)).toEqual({ kind: "nowhere", path: plain, title });
  });

  it("names a room", () => {
    expect(titleOf("coffee-corner_2")).toBe("Coffee corner 2");
  });
});
