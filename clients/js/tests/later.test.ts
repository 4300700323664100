/** A server of a later version says what this client does not know. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Api } from "../src/api.js";
import type { TransportName } from "../src/transport.js";
import type { ServerFrame } from "../src/vocabulary.js";
import { Page, pass } from "./page.js";
import { Server } from "./server.js";

let server: Server;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const POLL = { question: "Which?", options: [{ name: "x", votes: [1] }], title: "Tea" };

describe.each([
  ["websocket", "msgpack"],
  ["websocket", "json"],
  ["sse", "json"],
  ["polling", "json"],
] as const)("by %s in %s", (transport: TransportName, wire) => {
  beforeEach(() => {
    server.compact = wire === "msgpack";
  });

  async function joined(): Promise<Page> {
    const page = await Page.in(server, "general", { transports: [transport], wire });
    expect(page.hubbub.state.wire).toBe(`native.${wire}`);
    return page;
  }

  test("an event of a later kind moves the cursor, and the room goes on", async () => {
    const page = await joined();
    server.say("general", "one");
    server.later("general", "poll_opened", POLL);
    server.later("general", "poll_closed", { about: 3 }, "bob");
    server.say("general", "two");
    await pass(2_000);
    expect(page.texts()).toEqual(["one", "two"]);
    expect(page.events.map(({ type, seq, sender }) => [type, seq, sender])).toEqual([
      ["message", 2, "eve"],
      ["unknown", 3, "eve"],
      ["unknown", 4, "bob"],
      ["message", 5, "eve"],
    ]);
    expect(page.hubbub.cursor("general")).toBe(5);
    expect(server.count("join")).toBe(1);
  });

  test("it is replayed once, and what follows it as well", async () => {
    const page = await joined();
    server.cut();
    server.later("general", "poll_opened", POLL);
    server.say("general", "after");
    await pass(3_000);
    expect(page.events.map(({ type }) => type)).toEqual(["unknown", "message"]);
    expect(page.hubbub.cursor("general")).toBe(3);
    expect(server.count("join")).toBe(2);
  });

  test("a message on its way gets its place behind it", async () => {
    const page = await joined();
    page.hubbub.send("general", "mine");
    server.later("general", "poll_opened", POLL);
    await pass(2_000);
    expect(page.texts()).toEqual(["mine"]);
    expect(page.outbox.at(-1)).toMatchObject({ status: "sent", seq: 3 });
    expect(page.hubbub.cursor("general")).toBe(3);
  });

  test("a signal of a later kind is no event, whatever it is about", async () => {
    const page = await joined();
    server.broadcast({ type: "seen", room: "general", seq: 2, user: "bob" } as unknown as ServerFrame);
    server.broadcast({ type: "server_news", text: "hello" } as unknown as ServerFrame);
    server.say("general", "one");
    await pass(2_000);
    expect(page.events.map(({ type, seq }) => [type, seq])).toEqual([["message", 2]]);
    expect(server.count("join")).toBe(1);
  });

  test("a reply with further fields and an error with a later code", async () => {
    const page = await joined();
    server.later("general", "poll_opened", POLL);
    await pass();
    const [found] = await Promise.all([page.hubbub.history("general"), pass()]);
    expect(found.events).toEqual([
      { type: "room_created", room: "general", seq: 1, sender: "root", ts: 0 },
      { type: "unknown", room: "general", seq: 2, sender: "eve", ts: expect.any(Number) },
    ]);
    server.refuse("read", "of_a_later_version");
    const read = page.hubbub.markRead("general", 1);
    const refused = expect(read).rejects.toMatchObject({ code: "of_a_later_version", retryable: false });
    await pass();
    await refused;
    expect(page.hubbub.state.phase).toBe("connected");
  });
});

test("a page by REST", async () => {
  const later = { type: "poll_opened", room: "general", seq: 7, sender: "bob", ts: 5, ...POLL };
  const answer = { events: [later], more: false, head: 7, colour: "red" };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(answer)));
  const page = await new Api("https://chat.example").history("general");
  expect(page.events).toEqual([{ type: "unknown", room: "general", seq: 7, sender: "bob", ts: 5 }]);
});
