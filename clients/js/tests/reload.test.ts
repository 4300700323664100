import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { textOf } from "../src/write.js";
import { Browser } from "./browser.js";
import { type Page, pass } from "./page.js";
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

async function joined(page: Page, room = "general"): Promise<void> {
  page.hubbub.connect();
  void page.hubbub.join(room).catch(() => undefined);
  await pass(200);
}

describe.each([
  ["with Web Locks", true],
  ["without Web Locks", false],
])("reload, %s", (_, withLocks) => {
  let browser: Browser;
  /** Without locks a tab has to be silent for a minute to count as gone. */
  const patience = withLocks ? 0 : 91_000;

  beforeEach(() => {
    server.room("general");
    browser = new Browser(server, withLocks);
  });

  test("what was not sent is sent by the next page, in order", async () => {
    const first = await browser.tab();
    first.page.hubbub.send("general", "a");
    first.page.hubbub.send("general", "b");
    await pass();
    first.crash();
    expect(server.texts("general")).toEqual([]);
    const second = await browser.tab();
    await joined(second.page);
    await pass(patience);
    // Nobody was signed in when they were written: it takes a decision to send them.
    const left = await second.page.hubbub.outbox();
    expect(left.map((entry) => [textOf(entry), entry.status])).toEqual([
      ["a", "failed"],
      ["b", "failed"],
    ]);
    for (const { nonce } of left) second.page.hubbub.retry(nonce);
    await pass();
    expect(server.texts("general")).toEqual(["a", "b"]);
  });

  test("what was under way is sent by the next page, once", async () => {
    const first = await browser.tab();
    await joined(first.page);
    server.cutAt("send", "after");
    first.page.hubbub.send("general", "a");
    first.page.hubbub.send("general", "b");
    await pass(8);
    first.crash();
    expect(server.texts("general")).toEqual(["a"]);
    const second = await browser.tab({ user: "ada" });
    await joined(second.page);
    await pass(patience);
    expect(server.texts("general")).toEqual(["a", "b"]);
    await nothingLeft(second.page);
    expect(await browser.stored()).toEqual([]);
  });

  test("sent comes before the event also on the next page", async () => {
    const first = await browser.tab();
    await joined(first.page);
    server.cutAt("send", "after");
    first.page.hubbub.send("general", "hi");
    await pass(8);
    first.crash();
    await pass(patience);
    const second = await browser.tab({ user: "ada" });
    await pass();
    second.page.hubbub.connect();
    void second.page.hubbub.join("general", 1);
    await pass();
    expect(second.page.story).toEqual([
      "queued hi",
      "resync general 2",
      "sending hi",
      "sent hi 2",
      "event 2",
    ]);
  });

  test("a failed one is still failed", async () => {
    const first = await browser.tab();
    await joined(first.page);
    server.refuse("send", "text_empty");
    first.page.hubbub.send("general", " ");
    await pass();
    first.crash();
    const second = await browser.tab();
    await joined(second.page);
    await pass(patience);
    expect(await second.page.hubbub.outbox()).toMatchObject([
      { status: "failed", error: { code: "text_empty" } },
    ]);
    expect(server.count("send")).toBe(1);
  });

  test("another user's messages are neither shown nor sent", async () => {
    const first = await browser.tab();
    await joined(first.page);
    server.silent = true;
    first.page.hubbub.send("general", "secret");
    await pass();
    first.crash();
    server.silent = false;
    const second = await browser.tab({ token: "bob's token" });
    await joined(second.page);
    await pass(patience);
    expect(await second.page.hubbub.outbox()).toEqual([]);
    expect(second.page.outbox).toEqual([]);
    expect(server.texts("general")).toEqual([]);
    second.crash();
    const third = await browser.tab();
    await joined(third.page);
    await pass(patience);
    expect(server.texts("general")).toEqual(["secret"]);
    expect(server.room("general").log.at(-1)?.sender).toBe("ada");
  });

  test("a room that was left meanwhile: failed, not waiting forever", async () => {
    const first = await browser.tab();
    await joined(first.page);
    server.silent = true;
    first.page.hubbub.send("general", "too late");
    await pass();
    first.crash();
    server.silent = false;
    server.room("general").members.delete("ada");
    const second = await browser.tab();
    second.page.hubbub.connect();
    await pass(200 + patience);
    expect(await second.page.hubbub.outbox()).toMatchObject([
      { status: "failed", error: { code: "room_forbidden" } },
    ]);
  });

  test("a tab that lives keeps its messages, even offline", async () => {
    let offline = false;
    const token = async (): Promise<string> => {
      if (offline) throw new Error("no network");
      return "ada's token";
    };
    const first = await browser.tab({ token });
    await joined(first.page);
    offline = true;
    server.cut();
    first.page.hubbub.send("general", "mine");
    await pass(300_000);
    const second = await browser.tab();
    await joined(second.page);
    await pass(200);
    expect(await second.page.hubbub.outbox()).toEqual([]);
    await pass(300_000);
    expect(second.page.outbox).toEqual([]);
    expect(server.texts("general")).toEqual([]);
    offline = false;
    await pass(60_000);
    expect(server.texts("general")).toEqual(["mine"]);
    await nothingLeft(first.page);
    expect(second.page.texts()).toEqual(["mine"]);
  });

  test("when a tab goes, one that lives sends what it left", async () => {
    const first = await browser.tab();
    const second = await browser.tab();
    await joined(first.page);
    await joined(second.page);
    server.refuse("send", "store_unavailable", 1);
    first.page.hubbub.send("general", "left");
    await pass(20);
    first.crash();
    await pass(31_000 + patience);
    expect(server.texts("general")).toEqual(["left"]);
    await nothingLeft(second.page);
    expect(await browser.stored()).toEqual([]);
  });
});

test("without Web Locks: a tab that is wrongly taken for gone", async () => {
  server.room("general");
  const browser = new Browser(server, false);
  const first = await browser.tab({ now: () => 0, user: "ada" });
  first.page.hubbub.send("general", "hi");
  const second = await browser.tab({ user: "ada" });
  server.refuse("send", "store_unavailable", 12);
  await joined(second.page);
  await pass(100_000); // the first one keeps writing it, with a clock that stands still
  expect(await second.page.hubbub.outbox()).toMatchObject([{ text: "hi" }]);
  await pass(100_000);
  await joined(first.page);
  await pass(60_000);
  expect(server.texts("general")).toEqual(["hi"]);
  await nothingLeft(first.page);
  await nothingLeft(second.page);
});

test("with the user's name an earlier outbox is shown before there is a connection", async () => {
  const browser = new Browser(server);
  const first = await browser.tab({ user: "ada" });
  first.page.hubbub.send("general", "hi");
  await pass();
  first.crash();
  server.reachable = false;
  const second = await browser.tab({ user: "ada" });
  second.page.hubbub.connect();
  const outbox = second.page.hubbub.outbox();
  await pass();
  expect(await outbox).toMatchObject([{ text: "hi", status: "queued" }]);
  expect(second.page.hubbub.state).toMatchObject({ sending: 1, storage: "durable" });
});

test("closing a client leaves its messages to the other tabs", async () => {
  server.room("general");
  const browser = new Browser(server);
  const first = await browser.tab({ user: "ada" });
  first.page.hubbub.send("general", "hi");
  const second = await browser.tab();
  await joined(second.page);
  expect(server.texts("general")).toEqual([]);
  first.page.hubbub.close();
  await pass();
  expect(server.texts("general")).toEqual(["hi"]);
});
