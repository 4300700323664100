import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { blocked, buffered, chat, connected, POLLING, SSE } from "./blocked.js";
import { Page, pass, range } from "./page.js";
import { type Middlebox, proxied } from "./proxy.js";
import { Server } from "./server.js";

let server: Server;
let middle: Middlebox;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  middle = proxied(server);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("climbing back", () => {
  test.each([
    ["sse", blocked],
    ["polling", buffered],
  ] as const)("from %s: unnoticed, every seq once", async (_, spoil) => {
    spoil(server);
    const page = await connected(server);
    await chat(server, page);
    server.websocket = "open";
    const talk = setInterval(() => server.say("general", "talk"), 7);
    await pass(20_000);
    clearInterval(talk);
    await pass();
    expect(page.hubbub.state).toMatchObject({ phase: "connected", transport: "websocket", fallback: null });
    expect(page.phases).toEqual(["connecting", "connected"]);
    expect(middle.peers.size).toBe(0);
    expect(server.links).toHaveLength(1);
    await chat(server, page);
  });

  test("from long-polling to an event stream, when that is all that opens", async () => {
    buffered(server);
    const page = await connected(server);
    middle.sse = "open";
    await pass(30_000);
    expect(page.hubbub.state).toMatchObject(SSE);
    await chat(server, page);
    server.websocket = "open";
    await pass(20_000);
    expect(page.hubbub.state.transport).toBe("websocket");
    await chat(server, page);
  });

  test("tries less and less often, up to every five minutes", async () => {
    blocked(server);
    await connected(server);
    const tried: number[] = [];
    let { opened } = server;
    for (let second = 0; second < 3_600; second += 1) {
      await pass(1_000);
      if (server.opened > opened) tried.push(second);
      opened = server.opened;
    }
    const gaps = tried.slice(1).map((at, i) => at - (tried[i] ?? 0));
    expect(gaps.slice(0, 5)).toEqual([20, 40, 80, 160, 300]);
    expect(Math.max(...gaps)).toBe(300);
  });

  test("tries when the network comes back and when the page is shown, not at each blink", async () => {
    const window = new EventTarget();
    vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
    vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window));
    blocked(server);
    const page = await connected(server);
    await pass(600_000);
    const { opened } = server;
    for (const _ of range(1, 5)) window.dispatchEvent(new Event("online"));
    await pass();
    expect(server.opened).toBe(opened + 1);
    server.websocket = "open";
    window.dispatchEvent(new Event("online"));
    await pass();
    expect(page.hubbub.state.transport).toBe("sse");
    await pass(5_000);
    window.dispatchEvent(new Event("online"));
    await pass();
    expect(page.hubbub.state.transport).toBe("websocket");
  });

  test("waits for answers that are under way, but not forever", async () => {
    blocked(server);
    const page = await connected(server);
    server.websocket = "open";
    const failed: unknown[] = [];
    // From now on there is always a question open: the change breaks those of one moment, and it comes nevertheless.
    for (const _ of range(1, 2_000)) {
      page.hubbub.history("general").catch((error) => failed.push(error));
      await pass(8);
    }
    expect(page.hubbub.state.transport).toBe("websocket");
    expect(failed.length).toBeLessThanOrEqual(3);
    failed.length = 0;
    await chat(server, page);
  });

  test("somebody else's cookie is not climbed with", async () => {
    server.cookie = "ada";
    blocked(server);
    const page = await connected(server, { token: () => null });
    server.cookie = "bob";
    server.websocket = "open";
    await pass(20_000);
    expect(page.phase).toBe("closed");
    expect(server.links).toEqual([]);
  });

  test("the connection breaks while a better one is being tried", async () => {
    blocked(server);
    const page = await connected(server);
    server.websocket = "swallowed";
    await pass(10_000);
    server.cut();
    await pass(30_000);
    expect(page.hubbub.state.transport).toBe("sse");
    await chat(server, page);
    expect(server.links).toHaveLength(1);
  });

  test("close while a better one is being tried", async () => {
    blocked(server);
    const page = await connected(server);
    server.websocket = "swallowed";
    await pass(10_000);
    page.hubbub.close();
    await pass(60_000);
    expect(page.phase).toBe("closed");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("what a tab remembers", () => {
  function memory(): Map<string, string> {
    const kept = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    return kept;
  }

  test("the next page begins with what worked, says why, and still tries", async () => {
    memory();
    server.websocket = "swallowed";
    const first = await connected(server);
    first.hubbub.close();
    await pass();
    const { opened } = server;
    const next = new Page(server);
    next.hubbub.connect();
    await pass();
    expect(next.hubbub.state).toMatchObject({ transport: "sse", fallback: { websocket: "silent" } });
    expect(server.opened).toBe(opened);
    server.websocket = "open";
    await pass(20_000);
    expect(next.hubbub.state.transport).toBe("websocket");
    next.hubbub.close();
    await pass();
    const third = new Page(server);
    third.hubbub.connect();
    await pass();
    expect(third.hubbub.state.transport).toBe("websocket");
  });

  test("what is remembered may no longer work", async () => {
    memory();
    blocked(server);
    (await connected(server)).hubbub.close();
    middle.sse = "buffered";
    const page = await connected(server);
    expect(page.hubbub.state).toMatchObject(POLLING);
  });

  test.each(["", "x", "[]", "null", '["telepathy",null]', '["websocket",null]'])(
    "not ours: %s",
    async (text) => {
      memory().set("hubbub transport https://chat.example/", text);
      const page = await connected(server);
      expect(page.hubbub.state).toMatchObject({ transport: "websocket", fallback: null });
    },
  );

  test("a browser that forbids it", async () => {
    vi.stubGlobal("sessionStorage", {
      getItem: () => {
        throw new Error("forbidden");
      },
    });
    blocked(server);
    expect((await connected(server)).hubbub.state).toMatchObject(SSE);
  });
});
