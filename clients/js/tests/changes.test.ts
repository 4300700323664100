import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Browser } from "./browser.js";
import { stateOf } from "./log.js";
import { Page, pass } from "./page.js";
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

const kinds = (page: Page): string[] => page.events.map(({ type }) => type);

describe.each([true, false])("on the compact wire: %s", (compact) => {
  beforeEach(() => {
    server.compact = compact;
  });

  test("a message is answered, edited, reacted to and deleted; a room is renamed", async () => {
    const page = await Page.in(server, "general");
    const { hubbub } = page;
    server.say("general", "lunch?");
    hubbub.send("general", "yes", { replyTo: 2 });
    hubbub.edit("general", 3, "yes, at one");
    hubbub.react("general", 2, "👍🏽");
    hubbub.react("general", 2, "❤️");
    hubbub.unreact("general", 2, "❤️");
    hubbub.changeRoom("general", { title: "Lunch" });
    await pass(500);
    const states = stateOf(page.events, "ada");
    expect(states.get(3)).toMatchObject({ text: "yes, at one", reply_to: 2 });
    expect(states.get(2)?.state?.reactions).toEqual([
      { emoji: "👍🏽", count: 1, users: ["ada"], mine: true },
    ]);
    expect(page.events.at(-1)).toMatchObject({ type: "room_changed", title: "Lunch" });
    const versions = hubbub.versions("general", 3);
    const reactions = hubbub.reactions("general", 2, "👍🏽");
    await pass();
    expect((await versions).versions.map(({ text }) => text)).toEqual(["yes", "yes, at one"]);
    expect(await reactions).toEqual({ users: ["ada"], more: false, total: 1 });
    hubbub.delete("general", 3);
    await pass();
    expect(stateOf(page.events, "ada").get(3)?.state?.deleted).toBe(true);
    expect(await hubbub.outbox()).toEqual([]);
  });
});

describe("like a message, each", () => {
  const write = ({ hubbub }: Page): void => {
    hubbub.edit("general", 2, "hi there");
    hubbub.react("general", 2, "👍");
    hubbub.changeRoom("general", { topic: "Greetings" });
    hubbub.delete("general", 2);
  };
  const WRITTEN = ["message_edited", "reaction_added", "room_changed", "message_deleted"];

  test.each(["before", "after"] as const)("survives a break %s the server got it, once", async (when) => {
    const page = await Page.in(server, "general");
    page.hubbub.send("general", "hi");
    await pass();
    for (const type of ["edit", "react", "change_room", "delete"] as const) server.cutAt(type, when);
    write(page);
    await pass(10_000);
    expect(kinds(page).slice(1)).toEqual(WRITTEN);
    expect(server.room("general").log.map(({ type }) => type)).toEqual([
      "room_created",
      "message",
      ...WRITTEN,
    ]);
    expect(await page.hubbub.outbox()).toEqual([]);
  });

  test("survives the page, and is sent by the next one", async () => {
    const browser = new Browser(server);
    const first = await browser.tab({ user: "ada" });
    first.page.hubbub.connect();
    server.room("general");
    void first.page.hubbub.join("general");
    first.page.hubbub.send("general", "hi");
    await pass();
    server.cut();
    server.reachable = false;
    write(first.page);
    await pass();
    first.crash();
    server.reachable = true;
    const second = await browser.tab({ user: "ada" });
    second.page.hubbub.connect();
    void second.page.hubbub.join("general", 0);
    await pass(1_000);
    expect(kinds(second.page).slice(2)).toEqual(WRITTEN);
  });

  test("fails with the server's reason, and can be tried again or given up", async () => {
    const page = await Page.in(server, "general");
    server.say("general", "mine", "eve");
    const edit = page.hubbub.edit("general", 2, "yours");
    const react = page.hubbub.react("general", 7, "👍");
    await pass();
    const left = await page.hubbub.outbox();
    expect(left.map(({ type, status, error }) => [type, status, error?.code])).toEqual([
      ["edit", "failed", "not_yours"],
      ["react", "failed", "unknown_message"],
    ]);
    expect(page.hubbub.state.sending).toBe(0);
    await page.hubbub.discard(react.nonce);
    page.hubbub.retry(edit.nonce);
    await pass();
    expect((await page.hubbub.outbox()).map(({ nonce, status }) => [nonce, status])).toEqual([
      [edit.nonce, "failed"],
    ]);
  });

  test("of an edit, the text is too long before it is sent", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.edit("general", 2, "x".repeat(server.textBytes + 1));
    await pass();
    expect(page.outbox.at(-1)).toMatchObject({ type: "edit", status: "failed" });
    expect(page.outbox.at(-1)?.error?.code).toBe("text_too_long");
    expect(server.count("edit")).toBe(0);
  });
});

test("an entry that version 0.1 stored is a message", async () => {
  const browser = new Browser(server);
  const first = await browser.tab({ user: "ada" });
  first.page.hubbub.send("general", "from before");
  await pass();
  first.crash();
  await browser.rewrite((entry) => {
    const { type: _, ...old } = entry;
    return old as typeof entry;
  });
  const second = await browser.tab({ user: "ada" });
  server.room("general");
  second.page.hubbub.connect();
  void second.page.hubbub.join("general");
  await pass(1_000);
  expect(server.texts("general")).toEqual(["from before"]);
});
