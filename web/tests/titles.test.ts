import type { Member, MemberPage } from "hubbub-client";
import { beforeEach, expect, it, vi } from "vitest";
import { displayName } from "../src/state/people";
import { forgetTitles, seekTitles } from "../src/state/titles";

/** Who is in the room, by name. */
let people: Member[] = [];
let questions: (string | undefined)[] = [];
let broken = false;

vi.mock("../src/state/connection", () => ({
  client: () => ({
    members: async (_room: string, after?: string, limit = 100): Promise<MemberPage> => {
      questions.push(after);
      if (broken) throw new Error("disconnected");
      const rest = people.filter(({ name }) => after === undefined || name > after);
      return { members: rest.slice(0, limit), more: rest.length > limit, total: people.length };
    },
  }),
}));

function crowd(count: number, prefix: string): Member[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `${prefix}${String(i).padStart(3, "0")}`;
    return { name, title: `Title of ${name}` };
  });
}

beforeEach(() => {
  forgetTitles();
  questions = [];
  broken = false;
});

it("one page tells all names of a room", async () => {
  people = crowd(200, "a");
  await seekTitles("kitchen", ["a001", "a199", "a001"]);
  await seekTitles("kitchen", ["a002"]);
  expect(["a001", "a199", "a002"].map(displayName)).toEqual([
    "Title of a001",
    "Title of a199",
    "Title of a002",
  ]);
  expect(questions).toEqual([undefined]);
});

it("in a larger room one more question for each who is not on it", async () => {
  people = crowd(500, "b");
  await seekTitles("kitchen", ["b003", "b400", "b499"]);
  expect(["b400", "b499"].map(displayName)).toEqual(["Title of b400", "Title of b499"]);
  expect(questions).toHaveLength(3);
});

it("nobody is asked for twice, whether they have a title, have none, or have left", async () => {
  people = [...crowd(250, "c"), { name: "x-plain" }];
  const names = ["c240", "x-plain", "gone"];
  await seekTitles("kitchen", names);
  expect(names.map(displayName)).toEqual(["Title of c240", "x-plain", "gone"]);
  const { length } = questions;
  await seekTitles("kitchen", names);
  expect(questions).toHaveLength(length);
});

it("what failed is tried again", async () => {
  people = crowd(3, "d");
  broken = true;
  await seekTitles("kitchen", ["d001"]);
  expect(displayName("d001")).toBe("d001");
  broken = false;
  await seekTitles("kitchen", ["d001"]);
  expect(displayName("d001")).toBe("Title of d001");
});
