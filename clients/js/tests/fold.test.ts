import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldChanges, foldEvents, foldMessage, foldRoom } from "../src/fold.js";
import type { Event, Message, Reaction } from "../src/vocabulary.js";
import { pageOf, stateOf } from "./log.js";

const ME = "ada";
const place = (seq: number, sender = ME) => ({ room: "general", seq, sender, ts: 1_000 + seq });
const say = (seq: number, text: string, sender = ME): Message => ({
  type: "message",
  ...place(seq, sender),
  text,
});
const add = (seq: number, about: number, sender: string, emoji = "👍"): Event => ({
  type: "reaction_added",
  ...place(seq, sender),
  about,
  emoji,
});

interface Step {
  kind: "say" | "edit" | "delete" | "add" | "remove" | "rename" | "future";
  at: number;
  who: number;
  emoji: string;
}

const steps = (names: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(
        "say",
        "say",
        "edit",
        "delete",
        "add",
        "add",
        "add",
        "remove",
        "rename",
        "future",
      ),
      at: fc.nat(30),
      who: fc.nat(names - 1),
      emoji: fc.constantFrom("👍", "❤️"),
    }) as fc.Arbitrary<Step>,
    { minLength: 1, maxLength: 60 },
  );

/** The log that a server would have made of these steps: it refuses what makes no sense. */
function logOf(all: readonly Step[]): Event[] {
  const log: Event[] = [{ type: "room_created", ...place(1) }];
  for (const step of all) {
    const here = place(log.length + 1, step.who === 0 ? ME : `user${step.who}`);
    const states = [...stateOf(log, here.sender).values()];
    const meant = states[step.at % Math.max(1, states.length)];
    const event = eventOf(step, here, meant);
    if (event !== null) log.push(event);
  }
  return log;
}

function eventOf(step: Step, here: ReturnType<typeof place>, meant: Message | undefined): Event | null {
  if (step.kind === "say") return { type: "message", ...here, text: `text ${here.seq}` };
  if (step.kind === "rename") return { type: "room_changed", ...here, title: `title ${here.seq}` };
  if (meant === undefined || meant.state?.deleted === true) return null;
  const about = meant.seq;
  const has = meant.state?.reactions?.some(({ emoji, mine }) => emoji === step.emoji && mine) === true;
  switch (step.kind) {
    case "edit":
      return { type: "message_edited", ...here, sender: meant.sender, about, text: `edited ${here.seq}` };
    case "delete":
      return { type: "message_deleted", ...here, about };
    case "add":
      return has ? null : { type: "reaction_added", ...here, about, emoji: step.emoji };
    case "remove":
      return has ? { type: "reaction_removed", ...here, about, emoji: step.emoji } : null;
    case "future":
      return { type: "message_pinned", ...here, about } as unknown as Event;
  }
}

/** What a page that began with a page of history at `read` and heard the rest live has on its screen. */
function assembled(log: readonly Event[], read: number, first: number, olderAt: number): readonly Event[] {
  const start = pageOf(log.slice(0, read), read + 1, first, ME);
  let events = foldEvents([], start, ME);
  const from = events[0]?.seq ?? 0;
  for (const event of log.slice(read)) {
    if (event.seq === olderAt) events = foldEvents(events, pageOf(log.slice(0, read), from, 1_000, ME), ME);
    events = foldEvents(events, [event], ME);
  }
  return foldEvents(events, pageOf(log, from, 1_000, ME), ME);
}

/** With the fields that a server leaves out because they have their default. */
function complete(event: Event): Event {
  if (event.type !== "message" || event.state == null) return event;
  const reactions = (event.state.reactions ?? []).map((one) => ({ ...one, mine: one.mine === true }));
  return { ...event, state: { ...event.state, reactions } };
}

function reactionsOf(event: Event | undefined): Reaction[] {
  return (event?.type === "message" && event.state?.reactions) || [];
}

describe("the law: a page and the events after it are the log", () => {
  test("wherever the log is split, and whenever an older page arrives", () => {
    fc.assert(
      fc.property(
        steps(8),
        fc.nat(60),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(60),
        (all, cut, first, at) => {
          const log = logOf(all);
          const read = 1 + (cut % log.length);
          const states = stateOf(log, ME);
          expect(assembled(log, read, first, read + (at % 10)).map(complete)).toEqual(
            log.map((event) => complete(states.get(event.seq) ?? event)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test("of more people than a reaction names, those that are named are the first, and all are counted", () => {
    fc.assert(
      fc.property(steps(16), fc.nat(60), (all, cut) => {
        const log = logOf(all.map((step) => ({ ...step, at: step.at % 2 })));
        const read = 1 + (cut % log.length);
        const states = stateOf(log, ME);
        for (const event of assembled(log, read, 1_000, 0)) {
          if (event.type !== "message") continue;
          const told = reactionsOf(states.get(event.seq));
          const reactions = reactionsOf(complete(event));
          const counts = ({ emoji, count, mine = false }: Reaction) => [emoji, count, mine];
          expect(reactions.map(counts)).toEqual(told.map(counts));
          for (const [at, { users = [] }] of reactions.entries()) {
            expect(told[at]?.users?.slice(0, users.length)).toEqual(users);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a message", () => {
  test("is itself while nothing happens to it", () => {
    const message = say(2, "hi");
    for (const event of [
      say(3, "there"),
      add(4, 3, "bob"),
      { ...add(4, 2, "bob"), room: "kitchen" },
      { type: "message_pinned", ...place(5), about: 2 } as unknown as Event,
    ]) {
      expect(foldMessage(message, event, ME)).toBe(message);
    }
  });

  test("an event that its state contains already is not applied again", () => {
    const once = foldMessage(say(2, "hi"), add(3, 2, "bob"), ME);
    expect(foldMessage(once, add(3, 2, "bob"), ME)).toBe(once);
    expect(once.state).toEqual({
      seq: 3,
      reactions: [{ emoji: "👍", count: 1, users: ["bob"], mine: false }],
    });
  });

  test("edited, then deleted: the text and the reactions are gone, the place stays", () => {
    const edit: Event = { type: "message_edited", ...place(3), about: 2, text: "ho" };
    const edited = foldMessage(foldMessage(say(2, "hi"), edit, ME), add(4, 2, "bob"), ME);
    expect(edited).toMatchObject({ text: "ho", state: { seq: 4, edited_ts: 1_003 } });
    const gone = foldMessage(edited, { type: "message_deleted", ...place(5), about: 2 }, ME);
    expect(gone).toMatchObject({ seq: 2, text: "" });
    expect(gone.state).toEqual({ seq: 5, deleted: true });
  });
});

test("nothing new: the same list; changes alone add no event", () => {
  const events = [say(1, "a"), say(2, "b")];
  expect(foldEvents(events, [], ME)).toBe(events);
  expect(foldEvents(events, [say(1, "a")], ME)).toBe(events);
  const folded = foldChanges(events, [add(3, 1, "bob")], ME);
  expect(folded).toHaveLength(2);
  expect(folded[1]).toBe(events[1]);
  expect(foldChanges(events, [add(3, 7, "bob")], ME)).toBe(events);
});

test("a room's name is the one of the last change that it does not contain yet", () => {
  const room = { head: 4, title: "Kitchen", topic: "Cake" };
  const renamed: Event = { type: "room_changed", ...place(5), title: "Bakery", topic: "" };
  expect(foldRoom(room, { ...renamed, seq: 4 })).toBe(room);
  expect(foldRoom(room, renamed)).toEqual({ head: 5, title: "Bakery", topic: "" });
  expect(foldRoom(room, say(5, "hi"))).toEqual({ ...room, head: 5 });
});
