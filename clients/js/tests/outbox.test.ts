import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryStorage } from "../src/memory.js";
import type { OutboxStorage } from "../src/storage.js";
import { Page, pass, range } from "./page.js";
import { Server } from "./server.js";

let server: Server;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const nothingLeft = async (page: Page): Promise<void> => {
  expect(await page.hubbub.outbox()).toEqual([]);
  expect(page.hubbub.state.sending).toBe(0);
};

describe("sending", () => {
  test("queued, sending, sent with its place; only then the event", async () => {
    const page = await Page.in(server, "general");
    const outgoing = page.hubbub.send("general", "hi");
    expect(outgoing).toMatchObject({ room: "general", text: "hi", status: "queued" });
    expect(page.hubbub.state.sending).toBe(1);
    await pass();
    expect(page.story).toEqual(["queued hi", "sending hi", "sent hi 2", "event 2"]);
    expect(page.outbox.at(-1)).toMatchObject({ nonce: outgoing.nonce, status: "sent", seq: 2, ts: 1001 });
    await nothingLeft(page);
  });

  test("one after another in a room, in the order of writing", async () => {
    const page = await Page.in(server, "general");
    const texts = range(1, 20).map(String);
    for (const text of texts) page.hubbub.send("general", text);
    await pass(1_000);
    expect(server.texts("general")).toEqual(texts);
    expect(page.texts()).toEqual(texts);
  });

  test("not before it is stored", async () => {
    const storage = new MemoryStorage();
    const put = storage.put.bind(storage);
    storage.put = async (entry) => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await put(entry);
    };
    const page = new Page(server, { storage });
    page.hubbub.connect();
    page.hubbub.send("general", "hi");
    server.room("general");
    void page.hubbub.join("general");
    await pass(900);
    expect(page.story).toEqual(["queued hi", "resync general 1"]);
    await pass(200);
    expect(server.texts("general")).toEqual(["hi"]);
  });

  test("a room that waits holds up no other room", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.send("not joined yet", "a");
    page.hubbub.send("general", "b");
    await pass();
    expect(server.texts("general")).toEqual(["b"]);
    server.room("not joined yet");
    void page.hubbub.join("not joined yet");
    await pass();
    expect(server.texts("not joined yet")).toEqual(["a"]);
  });

  test("before there is a connection", async () => {
    server.room("general");
    const page = new Page(server);
    page.hubbub.send("general", "early");
    void page.hubbub.join("general");
    page.hubbub.connect();
    await pass();
    expect(server.texts("general")).toEqual(["early"]);
  });

  test("half a surrogate pair arrives as a replacement character", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.send("general", "\ufeffok \ud83d");
    await pass();
    expect(server.texts("general")).toEqual(["\ufeffok \ufffd"]);
  });
});

describe("breaks", () => {
  test("before the server got it: it is sent again, once", async () => {
    const page = await Page.in(server, "general");
    server.cutAt("send", "before");
    page.hubbub.send("general", "hi");
    await pass(1_000);
    expect(server.texts("general")).toEqual(["hi"]);
    expect(page.story).toEqual([
      "queued hi",
      "sending hi",
      "queued hi",
      "resync general 1",
      "sending hi",
      "sent hi 2",
      "event 2",
    ]);
  });

  test("before its answer arrived: the same nonce, one message, and still sent before the event", async () => {
    const page = await Page.in(server, "general");
    server.cutAt("send", "after");
    page.hubbub.send("general", "hi");
    page.hubbub.send("general", "there");
    await pass(1_000);
    expect(server.texts("general")).toEqual(["hi", "there"]);
    const nonces = server.commands.flatMap((c) => (c.type === "send" ? [c.nonce] : []));
    expect(nonces).toHaveLength(3);
    expect(new Set(nonces).size).toBe(2);
    expect(page.story.slice(-7)).toEqual([
      "resync general 2",
      "sending hi",
      "sent hi 2",
      "event 2",
      "sending there",
      "sent there 3",
      "event 3",
    ]);
  });

  test("what others said after a message in doubt keeps its place", async () => {
    const page = await Page.in(server, "general");
    server.cutAt("send", "after");
    page.hubbub.send("general", "hi");
    await pass(6);
    server.say("general", "a");
    server.say("general", "b");
    await pass(1_000);
    server.say("general", "c");
    await pass();
    expect(page.texts()).toEqual(["hi", "a", "b", "c"]);
    expect(page.seqs()).toEqual([2, 3, 4, 5]);
  });

  test("a message in doubt with a long tail behind it: nothing of it gets lost", async () => {
    const page = await Page.in(server, "general");
    server.cutAt("send", "after");
    page.hubbub.send("general", "hi");
    await pass(6);
    for (const i of range(1, 700)) server.say("general", String(i));
    await pass(1_000);
    expect(page.seqs()).toEqual(range(2, 702));
    expect(page.story.indexOf("sent hi 2")).toBeLessThan(page.story.indexOf("event 2"));
  });

  test("a message in doubt that the server can't answer now does not stop the room", async () => {
    const page = await Page.in(server, "general", { random: () => 0.999 });
    server.cutAt("send", "after");
    page.hubbub.send("general", "hi");
    await pass(6);
    server.refuse("send", "store_unavailable", 5);
    server.say("general", "a");
    await pass(2_000);
    expect(page.texts()).toEqual(["hi", "a"]);
    await pass(60_000);
    expect(server.texts("general")).toEqual(["hi", "a"]);
    await nothingLeft(page);
  });

  test("a new connection does not wait for the delays of the old one", async () => {
    const page = await Page.in(server, "general");
    server.refuse("send", "store_unavailable", 7);
    page.hubbub.send("general", "hi");
    await pass(20_000);
    expect(server.count("send")).toBe(7);
    server.cut();
    await pass(1_000);
    expect(server.texts("general")).toEqual(["hi"]);
  });

  test("close code 4501 in the middle: it stays queued", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.send("general", "hi");
    server.cut(4501);
    await pass(60_000);
    expect(page.phase).toBe("closed");
    expect(await page.hubbub.outbox()).toMatchObject([{ text: "hi", status: "queued" }]);
    page.hubbub.connect();
    await pass();
    expect(server.texts("general")).toEqual(["hi"]);
  });
});

describe("refusals", () => {
  test("an error that may pass: sent again with growing delays, in order", async () => {
    const page = await Page.in(server, "general");
    server.refuse("send", "store_unavailable", 4);
    page.hubbub.send("general", "a");
    page.hubbub.send("general", "b");
    await pass(1_500);
    expect(server.count("send")).toBe(3);
    await pass(10_000);
    expect(server.texts("general")).toEqual(["a", "b"]);
    await nothingLeft(page);
  });

  test("no answer: the same nonce again", async () => {
    const page = await Page.in(server, "general");
    server.silent = true;
    page.hubbub.send("general", "hi");
    await pass(10_000);
    server.silent = false;
    await pass(10_000);
    expect(server.texts("general")).toEqual(["hi"]);
  });

  test("an error that stays: failed, and the next one goes on", async () => {
    const page = await Page.in(server, "general");
    server.refuse("send", "text_empty");
    const { nonce } = page.hubbub.send("general", " ");
    page.hubbub.send("general", "b");
    await pass();
    expect(server.texts("general")).toEqual(["b"]);
    const left = await page.hubbub.outbox();
    expect(left).toMatchObject([
      { nonce, status: "failed", error: { code: "text_empty", retryable: false } },
    ]);
    expect(page.hubbub.state.sending).toBe(0);
    page.hubbub.retry(nonce);
    expect(page.outbox.at(-1)).toMatchObject({ nonce, status: "queued" });
    expect(page.outbox.at(-1)?.error).toBeUndefined();
    await pass();
    expect(server.texts("general")).toEqual(["b", " "]);
    await nothingLeft(page);
  });

  test("discard forgets", async () => {
    const storage = new MemoryStorage();
    const page = await Page.in(server, "general", { storage });
    server.refuse("send", "text_empty");
    const { nonce } = page.hubbub.send("general", " ");
    await pass();
    await page.hubbub.discard(nonce);
    await nothingLeft(page);
    expect(await storage.all()).toEqual([]);
    page.hubbub.retry(nonce);
    await pass();
    expect(server.count("send")).toBe(1);
  });

  test("discard right after sending leaves nothing behind", async () => {
    const storage = new MemoryStorage();
    const page = await Page.in(server, "general", { storage });
    const { nonce } = page.hubbub.send("general", "oops");
    const done = page.hubbub.discard(nonce);
    await pass();
    await done;
    expect(await storage.all()).toEqual([]);
    expect(server.texts("general")).toEqual([]);
  });

  test("a text over the limit fails here; the server would close for its frame", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.send("general", "ü".repeat(9_000));
    page.hubbub.send("general", "\u0001".repeat(16_000)); // within the limit, but not as JSON
    page.hubbub.send("general", "short");
    await pass();
    expect(page.phase).toBe("connected");
    expect(server.texts("general")).toEqual(["short"]);
    expect((await page.hubbub.outbox()).map((entry) => entry.error?.code)).toEqual([
      "text_too_long",
      "text_too_long",
    ]);
  });

  test("not joined, as far as the server knows: joins again and sends", async () => {
    const page = await Page.in(server, "general");
    for (const link of server.links) link.joined.clear();
    page.hubbub.send("general", "hi");
    await pass(1_000);
    expect(server.texts("general")).toEqual(["hi"]);
    expect(page.texts()).toEqual(["hi"]);
  });

  test("not joined, whatever one does: fails in the end", async () => {
    const page = await Page.in(server, "general");
    server.refuse("send", "not_joined", 100);
    page.hubbub.send("general", "hi");
    await pass(60_000);
    expect(await page.hubbub.outbox()).toMatchObject([{ status: "failed", error: { code: "not_joined" } }]);
  });

  test("leaving a room fails what waits for it", async () => {
    const page = await Page.in(server, "general");
    server.refuse("send", "store_unavailable", 100);
    page.hubbub.send("general", "hi");
    await pass();
    const left = page.hubbub.leave("general");
    await pass();
    await left;
    expect(await page.hubbub.outbox()).toMatchObject([
      { status: "failed", error: { code: "room_forbidden" } },
    ]);
  });
});

describe("a storage that fails", () => {
  const broken = (failing: () => boolean, inner = new MemoryStorage()): OutboxStorage => {
    const check = <T>(work: () => Promise<T>): Promise<T> =>
      failing() ? Promise.reject(new DOMException("no", "InvalidStateError")) : work();
    return {
      durable: true,
      all: () => check(() => inner.all()),
      put: (entry) => check(() => inner.put(entry)),
      remove: (nonce) => check(() => inner.remove(nonce)),
      takeOver: (by) => check(() => inner.takeOver(by)),
    };
  };

  test("from the beginning: memory, and the state says so", async () => {
    const page = await Page.in(server, "general", { storage: broken(() => true) });
    page.hubbub.send("general", "hi");
    await pass();
    expect(server.texts("general")).toEqual(["hi"]);
    expect(page.hubbub.state.storage).toBe("memory");
    await nothingLeft(page);
  });

  test("later: what it holds is sent all the same", async () => {
    let fails = false;
    const storage = broken(() => fails);
    const page = await Page.in(server, "general", { storage });
    expect(page.hubbub.state.storage).toBe("durable");
    page.hubbub.send("general", "a");
    await pass(3);
    fails = true;
    page.hubbub.send("general", "b");
    await pass();
    expect(server.texts("general")).toEqual(["a", "b"]);
    expect(page.hubbub.state.storage).toBe("memory");
  });

  test("for a while: what it holds is removed when it works again", async () => {
    let fails = false;
    const inner = new MemoryStorage();
    const page = await Page.in(server, "general", { storage: broken(() => fails, inner) });
    server.refuse("send", "store_unavailable", 5);
    page.hubbub.send("general", "a");
    await pass();
    fails = true;
    page.hubbub.send("general", "b");
    await pass();
    fails = false;
    expect(await inner.all()).toHaveLength(1);
    await pass(60_000);
    expect(server.texts("general")).toEqual(["a", "b"]);
    expect(await inner.all()).toEqual([]);
  });

  test("that never answers: memory after 3 seconds", async () => {
    const never = new Promise<never>(() => undefined);
    const storage: OutboxStorage = {
      durable: true,
      all: () => never,
      put: () => never,
      remove: () => never,
      takeOver: () => never,
    };
    const page = await Page.in(server, "general", { storage });
    page.hubbub.send("general", "hi");
    await pass(4_000);
    expect(server.texts("general")).toEqual(["hi"]);
    expect(page.hubbub.state.storage).toBe("memory");
  });
});
