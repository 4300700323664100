import type { Event } from "hubbub-client";
import { beforeEach, describe, expect, it, vi } from "vitest";

const history = vi.fn();
const cursor = (): number => HEAD;
vi.mock("../src/state/connection", () => ({
  client: () => ({ history, cursor }),
  connected: { value: true },
}));
vi.mock("../src/state/titles", () => ({ seekTitles: async () => undefined, forgetTitles: () => undefined }));

const {
  ensureLog,
  forgetLogs,
  loadAround,
  loadLatest,
  loadNewer,
  logOf,
  messageIn,
  openLog,
  receive,
  shrink,
} = await import("../src/state/conversation");
const { forgetPlaces, notePlace } = await import("../src/state/places");

const HEAD = 3_000;

function message(seq: number): Event {
  return { type: "message", room: "kitchen", seq, sender: "ada", ts: seq, text: `text ${seq}` };
}

/** As a server gives them: the newest, or those before a `seq`. */
async function page(_room: string, { before = HEAD + 1, limit }: { before?: number; limit: number }) {
  const last = before - 1;
  const first = Math.max(1, last - Math.min(limit, 200) + 1);
  const events = Array.from({ length: last - first + 1 }, (_, at) => message(first + at));
  return { room: "kitchen", events, more: first > 1 };
}

function held(): [first: number, last: number] {
  const { events } = logOf("kitchen").peek();
  return [events[0]?.seq ?? 0, events.at(-1)?.seq ?? 0];
}

describe("opening a room", () => {
  beforeEach(() => {
    forgetLogs();
    forgetPlaces();
    history.mockReset();
    history.mockImplementation(page);
  });

  it("reads one page when nothing is unread", async () => {
    openLog("kitchen", null);
    await ensureLog("kitchen", HEAD);
    expect(history).toHaveBeenCalledTimes(1);
    expect(held()).toEqual([HEAD - 59, HEAD]);
    expect(logOf("kitchen").peek().ready).toBe(true);
  });

  it("reads back to the first unread one before it is ready", async () => {
    openLog("kitchen", HEAD - 500);
    await ensureLog("kitchen", HEAD);
    expect(held()[0]).toBeLessThanOrEqual(HEAD - 500);
    expect(history).toHaveBeenCalledTimes(3);
  });

  it("does not read for ever when there is far more", async () => {
    openLog("kitchen", 1);
    await ensureLog("kitchen", HEAD);
    expect(held()).toEqual([HEAD - 999, HEAD]);
    expect(logOf("kitchen").peek().ready).toBe(true);
  });

  it("goes on where it was when the connection broke in between", async () => {
    history.mockImplementationOnce(page).mockRejectedValueOnce(new Error("gone"));
    openLog("kitchen", HEAD - 300);
    await ensureLog("kitchen", HEAD);
    expect(logOf("kitchen").peek()).toMatchObject({ ready: false, loading: false });
    await ensureLog("kitchen", HEAD);
    expect(logOf("kitchen").peek()).toMatchObject({ ready: true, error: "" });
    expect(held()[0]).toBeLessThanOrEqual(HEAD - 300);
  });

  it("keeps the newest part of a room that is left, and the reader's place in it", async () => {
    openLog("kitchen", HEAD - 900);
    await ensureLog("kitchen", HEAD);
    notePlace("kitchen", { seq: HEAD - 700, offset: 10 });
    shrink("kitchen");
    expect(held()).toEqual([HEAD - 720, HEAD]);
    notePlace("kitchen", null);
    shrink("kitchen");
    expect(held()).toEqual([HEAD - 299, HEAD]);
    // Whoever comes back further up than that gets what is missing.
    openLog("kitchen", HEAD - 700);
    expect(logOf("kitchen").peek().ready).toBe(false);
    await ensureLog("kitchen", HEAD);
    expect(held()[0]).toBeLessThanOrEqual(HEAD - 700);
  });

  it("holds a bounded part of a room in which much is said while another one is open", async () => {
    openLog("kitchen", null);
    await ensureLog("kitchen", HEAD);
    for (let seq = HEAD + 1; seq <= HEAD + 5_000; seq++) receive(message(seq));
    expect(logOf("kitchen").peek().events.length).toBeLessThanOrEqual(2_000);
    expect(held()[1]).toBe(HEAD + 5_000);
  });
});

describe("following a reply", () => {
  const log = () => logOf("kitchen").peek();
  const about = (seq: number, about: number): Event => ({
    type: "reaction_added",
    room: "kitchen",
    seq,
    sender: "bob",
    ts: seq,
    about,
    emoji: "👍",
  });

  beforeEach(async () => {
    forgetLogs();
    forgetPlaces();
    history.mockReset();
    history.mockImplementation(page);
    openLog("kitchen", null);
    await ensureLog("kitchen", HEAD);
  });

  it("reads nothing when the message is there", async () => {
    await loadAround("kitchen", HEAD - 10);
    expect(history).toHaveBeenCalledTimes(1);
  });

  it("reads the part around a message that is just above, and keeps what is there", async () => {
    await loadAround("kitchen", HEAD - 80);
    expect(held()[0]).toBeLessThanOrEqual(HEAD - 80);
    expect(held()[1]).toBe(HEAD);
    expect(log().end).toBe(true);
  });

  it("holds the part around one that is far above, without an end, and goes on from there", async () => {
    await loadAround("kitchen", 500);
    expect(held()).toEqual([471, 530]);
    expect(log()).toMatchObject({ end: false, more: true, ready: true });
    await loadNewer("kitchen");
    expect(held()).toEqual([471, 590]);
    await loadLatest("kitchen");
    expect(held()).toEqual([HEAD - 59, HEAD]);
    expect(log().end).toBe(true);
  });

  it("has no hole where pages end early because their texts are long", async () => {
    history.mockImplementation((room, query) => page(room, { ...query, limit: 7 }));
    await loadAround("kitchen", 500);
    await loadNewer("kitchen");
    const seqs = log().events.map((event) => event.seq);
    expect(seqs).toEqual(seqs.map((_, at) => (seqs[0] ?? 0) + at));
    expect(seqs).toContain(500);
    expect(seqs.at(-1)).toBe(590);
  });

  it("up there, what comes changes messages and adds none", async () => {
    await loadAround("kitchen", 500);
    receive(about(HEAD + 1, 510));
    expect(held()).toEqual([471, 530]);
    expect(messageIn(log().events, 510)?.state?.reactions?.[0]?.count).toBe(1);
  });

  it("what came while a page was on its way is in its messages", async () => {
    history.mockImplementation(async (room, query) => {
      receive(about(HEAD + 1, 510));
      return page(room, query);
    });
    await loadAround("kitchen", 500);
    expect(messageIn(log().events, 510)?.state?.reactions?.[0]?.count).toBe(1);
  });
});
