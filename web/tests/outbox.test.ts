import type { Outgoing } from "hubbub-client";
import { HubbubError } from "hubbub-client";
import { beforeEach, describe, expect, it, vi } from "vitest";

const discard = vi.fn(async () => undefined);
const stored = vi.fn(async (): Promise<Outgoing[]> => []);
vi.mock("../src/state/connection", () => ({ client: () => ({ discard, outbox: stored }) }));

const { changesIn, forgetOutbox, noteOutgoing, outbox, outcome, pendingIn, restoreOutbox, settle } =
  await import("../src/state/outbox");
const { forgetNotices, notices } = await import("../src/state/notices");

const error = new HubbubError("room_forbidden", "You are not a member of this room.");
const entry = (write: object, status = "sending", nonce = "n1"): Outgoing =>
  ({
    nonce,
    room: "kitchen",
    createdAt: 1,
    status,
    ...(status === "failed" && { error }),
    ...write,
  }) as Outgoing;
const note = (outgoing: Outgoing): void => noteOutgoing(outgoing, () => false);
const react = { type: "react", about: 2, emoji: "👍" };
const edit = { type: "edit", about: 2, text: "x" };

beforeEach(() => {
  forgetOutbox();
  forgetNotices();
  discard.mockClear();
  vi.useFakeTimers();
});

describe("what is on its way", () => {
  it("is messages at the end, and changes of messages where they are", () => {
    note(entry({ type: "send", text: "b" }, "queued", "n2"));
    note(entry({ type: "send", text: "a" }, "queued", "n1"));
    note(entry(edit, "queued", "n3"));
    note(entry({ type: "change_room", title: "T" }, "queued", "n4"));
    expect(pendingIn("kitchen", outbox.value).map(({ text }) => text)).toEqual(["a", "b"]);
    expect(changesIn("kitchen", outbox.value).map(({ nonce }) => nonce)).toEqual(["n3"]);
    expect(changesIn("balcony", outbox.value)).toEqual([]);
  });

  it("stays until the log is there on this page, too", () => {
    const event = { type: "member_left", sender: "bob", ts: 1 } as const;
    note(entry({ ...react, seq: 7 }, "sent"));
    note(entry(edit, "sending", "n2"));
    settle({ ...event, room: "kitchen", seq: 6 });
    settle({ ...event, room: "balcony", seq: 8 });
    expect(outbox.value.size).toBe(2);
    settle({ ...event, room: "kitchen", seq: 7 });
    expect([...outbox.value.keys()]).toEqual(["n2"]);
  });
});

describe("what is refused", () => {
  it.each([
    [react, "Your reaction was not added."],
    [{ ...react, type: "unreact" }, "Your reaction was not taken back."],
    [{ type: "delete", about: 2 }, "The message was not deleted."],
    [{ type: "change_room", title: "T" }, "The room was not changed."],
  ])("is as it was before, and is said: %j", async (write, words) => {
    note(entry(write));
    note(entry(write, "failed"));
    await vi.advanceTimersByTimeAsync(0);
    expect(outbox.value.size).toBe(0);
    expect(discard).toHaveBeenCalledWith("n1");
    expect(notices.value.map(({ text }) => text)).toEqual([`${words} ${error.message}`]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(notices.value).toEqual([]);
  });

  it.each([edit, { type: "send", text: "x" }])(
    "stays to be tried again when somebody typed it: %j",
    async (write) => {
      note(entry(write, "failed"));
      await vi.advanceTimersByTimeAsync(0);
      expect(outbox.value.size).toBe(1);
      expect(notices.value).toEqual([]);
    },
  );

  it("is told to who waits for it, and to nobody else", async () => {
    const awaited = outcome("n1");
    note(entry({ type: "change_room", title: "T" }, "failed"));
    expect(await awaited).toMatchObject({ status: "failed", error });
    expect(notices.value).toEqual([]);
  });

  it("is said after a reload, too", async () => {
    stored.mockResolvedValueOnce([entry(react, "failed")]);
    await restoreOutbox();
    await vi.advanceTimersByTimeAsync(0);
    expect(outbox.value.size).toBe(0);
    expect(notices.value).toHaveLength(1);
  });
});
