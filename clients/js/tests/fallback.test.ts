import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
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

const SSE = { phase: "connected", transport: "sse", fallback: { websocket: "refused" } };
const POLLING = {
  phase: "connected",
  transport: "polling",
  fallback: { websocket: "refused", sse: "silent" },
};

function blocked(): void {
  server.websocket = "refused";
}

function buffered(): void {
  server.websocket = "refused";
  middle.sse = "buffered";
}

async function connected(options: ConstructorParameters<typeof Page>[1] = {}): Promise<Page> {
  server.room("general");
  const page = new Page(server, options);
  page.hubbub.connect();
  void page.hubbub.join("general", 0);
  await pass(6_000);
  expect(page.phase).toBe("connected");
  return page;
}

/** Messages of mine and of others, and what must have come of them. */
async function chat(page: Page): Promise<void> {
  const before = server.texts("general").length;
  for (const i of range(1, 3)) page.hubbub.send("general", `mine ${before + i}`);
  server.say("general", "theirs");
  await pass(500);
  expect(server.texts("general").length).toBe(before + 4);
  expect(page.seqs()).toEqual(range(1, server.room("general").log.length));
  expect(page.texts()).toEqual(server.texts("general"));
  expect(page.hubbub.state.sending).toBe(0);
}

describe("falling back", () => {
  test("a refused WebSocket: an event stream at once, and why", async () => {
    blocked();
    server.room("general");
    const page = new Page(server);
    page.hubbub.connect();
    await pass();
    expect(page.hubbub.state).toMatchObject({ ...SSE, wire: "native.json", attempt: 0, error: null });
    expect(page.phases).toEqual(["connecting", "connected"]);
    void page.hubbub.join("general", 0);
    await chat(page);
    expect(middle.requests[0]).toBe("GET /sse");
  });

  test("a WebSocket that opens and lets nothing through: after five seconds", async () => {
    server.websocket = "swallowed";
    const page = new Page(server);
    page.hubbub.connect();
    await pass(4_900);
    expect(page.phase).toBe("connecting");
    await pass(300);
    expect(page.hubbub.state).toMatchObject({ transport: "sse", fallback: { websocket: "silent" } });
    expect(server.links).toHaveLength(1);
  });

  test.each(["buffered", 404, 403] as const)("an event stream that is %s: long-polling", async (sse) => {
    blocked();
    middle.sse = sse;
    const page = await connected();
    expect(page.hubbub.state).toMatchObject({
      ...POLLING,
      fallback: { websocket: "refused", sse: sse === "buffered" ? "silent" : "refused" },
    });
    await chat(page);
  });

  test("without a token the cookie signs in", async () => {
    server.cookie = "bob";
    for (const spoil of [blocked, buffered]) {
      spoil();
      const page = await connected({ token: () => null });
      expect(page.hubbub.state.user).toEqual({ name: "bob" });
      page.hubbub.close();
    }
  });

  test("a platform without WebSocket", async () => {
    vi.stubGlobal("WebSocket", undefined);
    const page = await connected({ WebSocket: undefined as never });
    expect(page.hubbub.state).toMatchObject({ transport: "sse", fallback: { websocket: "missing" } });
    await pass(3_600_000);
    expect(server.opened).toBe(0);
    await chat(page);
  });

  test("only the transports that the application allows", async () => {
    const page = await connected({ transports: ["polling"] });
    expect(page.hubbub.state.transport).toBe("polling");
    await pass(600_000);
    expect(server.opened).toBe(0);
    expect(middle.requests).not.toContain("GET /sse");
    await chat(page);
  });

  test("a server that is not there is asked twice an attempt, not three times", async () => {
    server.reachable = false;
    const page = new Page(server, { random: () => 0.999 });
    page.hubbub.connect();
    await pass(400);
    expect(page.phase).toBe("reconnecting");
    expect(server.opened).toBe(1);
    expect(middle.requests).toEqual(["GET /sse"]);
  });

  test.each([500, 502, 503, 429])("status %i: the server is out, not the transport", async (status) => {
    blocked();
    middle.sse = status;
    const page = new Page(server);
    page.hubbub.connect();
    await pass(100);
    expect(page.phase).toBe("reconnecting");
    expect(middle.requests).not.toContain("GET /poll");
    middle.sse = "open";
    await pass(1_000);
    expect(page.hubbub.state).toMatchObject(SSE);
  });

  test("where the WebSocket has worked, one failure is no reason", async () => {
    const page = await connected();
    blocked();
    server.cut();
    await pass(300);
    expect(page.phase).toBe("reconnecting");
    expect(middle.requests).toEqual([]);
    await pass(1_000);
    expect(page.hubbub.state).toMatchObject(SSE);
    await chat(page);
  });

  test("nothing works: the next attempt begins with the WebSocket again", async () => {
    buffered();
    middle.polling = 404;
    const page = new Page(server);
    page.hubbub.connect();
    await pass(5_100);
    expect(page.phase).toBe("reconnecting");
    expect(page.hubbub.state).toMatchObject({ transport: null, fallback: null });
    server.websocket = "open";
    await pass(1_000);
    expect(page.hubbub.state).toMatchObject({ transport: "websocket", fallback: null });
  });
});

describe.each([
  ["sse", blocked],
  ["polling", buffered],
] as const)("over %s all is as over a WebSocket:", (transport, spoil) => {
  beforeEach(spoil);

  test("a refused token closes for good", async () => {
    const page = new Page(server, { token: "wrong" });
    page.hubbub.connect();
    await pass(60_000);
    expect(page.phases).toEqual(["connecting", "closed"]);
    expect(page.hubbub.state.error).toMatchObject({ code: "unauthenticated", retryable: false });
  });

  test("commands are refused with the same errors", async () => {
    const page = await connected();
    const refused = expect(page.hubbub.join("nowhere")).rejects.toMatchObject({ code: "unknown_room" });
    await pass();
    await refused;
    server.refuse("send", "text_empty");
    page.hubbub.send("general", " ");
    await pass();
    expect(page.outbox.at(-1)).toMatchObject({ status: "failed", error: { code: "text_empty" } });
  });

  test.each([1001, 1006, 1011, 4000, 4002])(
    "close code %i: comes back, by the same transport",
    async (code) => {
      const page = await connected();
      server.say("general", "before");
      await pass();
      server.cut(code);
      server.say("general", "meanwhile");
      await pass(50);
      expect(page.phase).toBe("reconnecting");
      expect(page.hubbub.state).toMatchObject({ transport: null, fallback: null });
      const { opened } = server;
      await pass(1_000);
      expect(page.hubbub.state.transport).toBe(transport);
      expect(server.opened).toBe(opened);
      await chat(page);
    },
  );

  test.each([4500, 4501, 1008])("close code %i: does not come back", async (code) => {
    const page = await connected();
    server.cut(code, "because");
    await pass(600_000);
    expect(page.phase).toBe("closed");
    expect(page.hubbub.state.error?.code).toBe(code === 1008 ? "refused" : "unauthenticated");
  });

  test.each(["before", "after"] as const)(
    "a POST that breaks %s it arrived: each message once",
    async (when) => {
      const page = await connected();
      middle.broken = { when, times: 1 };
      await chat(page);
      await pass(2_000);
      expect(page.hubbub.state.transport).toBe(transport);
      await chat(page);
    },
  );

  test("the server forgot the connection", async () => {
    const page = await connected();
    middle.peers.clear();
    page.hubbub.send("general", "hi");
    await pass(2_000);
    expect(page.texts()).toEqual(["hi"]);
  });

  test("commands arrive in order, what was written meanwhile together, and no body is too long", async () => {
    server.frameBytes = 300;
    server.textBytes = 200;
    const page = await connected();
    middle.bodies.length = 0;
    const asked = range(1, 30).map((seq) => page.hubbub.markRead("general", seq));
    await pass(1_000);
    expect((await Promise.all(asked)).map((mark) => mark.read)).toEqual(range(1, 30));
    const lines = middle.bodies.flatMap((body) => body.split("\n"));
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(range(1, 30));
    expect(middle.bodies.length).toBeLessThan(15);
    expect(Math.max(...middle.bodies.map((body) => body.length))).toBeLessThanOrEqual(300);
    await expect(page.hubbub.createRoom("x", "y".repeat(300))).rejects.toMatchObject({
      code: "text_too_long",
    });
  });

  test("a dead connection is noticed", async () => {
    const page = await connected();
    await pass(600_000);
    expect(page.phases).toEqual(["connecting", "connected"]);
    server.silent = true;
    await pass(61_000);
    expect(page.phase).toBe("reconnecting");
    server.silent = false;
    await pass(60_000);
    expect(page.phase).toBe("connected");
    await chat(page);
  });

  test("close tells the server, and leaves no timer behind", async () => {
    const page = await connected();
    page.hubbub.send("general", "hi");
    await pass(7);
    page.hubbub.close();
    await pass(3_000);
    expect(middle.peers.size).toBe(0);
    expect(server.links).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("climbing back", () => {
  test.each([
    ["sse", blocked],
    ["polling", buffered],
  ] as const)("from %s: unnoticed, every seq once", async (_, spoil) => {
    spoil();
    const page = await connected();
    await chat(page);
    server.websocket = "open";
    const talk = setInterval(() => server.say("general", "talk"), 7);
    await pass(20_000);
    clearInterval(talk);
    await pass();
    expect(page.hubbub.state).toMatchObject({ phase: "connected", transport: "websocket", fallback: null });
    expect(page.phases).toEqual(["connecting", "connected"]);
    expect(middle.peers.size).toBe(0);
    expect(server.links).toHaveLength(1);
    await chat(page);
  });

  test("from long-polling to an event stream, when that is all that opens", async () => {
    buffered();
    const page = await connected();
    middle.sse = "open";
    await pass(30_000);
    expect(page.hubbub.state).toMatchObject(SSE);
    await chat(page);
    server.websocket = "open";
    await pass(20_000);
    expect(page.hubbub.state.transport).toBe("websocket");
    await chat(page);
  });

  test("tries less and less often, up to every five minutes", async () => {
    blocked();
    await connected();
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
    blocked();
    const page = await connected();
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
    blocked();
    const page = await connected();
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
    await chat(page);
  });

  test("somebody else's cookie is not climbed with", async () => {
    server.cookie = "ada";
    blocked();
    const page = await connected({ token: () => null });
    server.cookie = "bob";
    server.websocket = "open";
    await pass(20_000);
    expect(page.phase).toBe("closed");
    expect(server.links).toEqual([]);
  });

  test("the connection breaks while a better one is being tried", async () => {
    blocked();
    const page = await connected();
    server.websocket = "swallowed";
    await pass(10_000);
    server.cut();
    await pass(30_000);
    expect(page.hubbub.state.transport).toBe("sse");
    await chat(page);
    expect(server.links).toHaveLength(1);
  });

  test("close while a better one is being tried", async () => {
    blocked();
    const page = await connected();
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
    const first = await connected();
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
    blocked();
    (await connected()).hubbub.close();
    middle.sse = "buffered";
    const page = await connected();
    expect(page.hubbub.state).toMatchObject(POLLING);
  });

  test.each(["", "x", "[]", "null", '["telepathy",null]', '["websocket",null]'])(
    "not ours: %s",
    async (text) => {
      memory().set("hubbub transport https://chat.example/", text);
      const page = await connected();
      expect(page.hubbub.state).toMatchObject({ transport: "websocket", fallback: null });
    },
  );

  test("a browser that forbids it", async () => {
    vi.stubGlobal("sessionStorage", {
      getItem: () => {
        throw new Error("forbidden");
      },
    });
    blocked();
    expect((await connected()).hubbub.state).toMatchObject(SSE);
  });
});

describe("the compact wire", () => {
  beforeEach(() => {
    server.compact = true;
  });

  test("is spoken where the server does", async () => {
    const page = await connected();
    expect(page.hubbub.state).toMatchObject({ transport: "websocket", wire: "native.msgpack" });
    await chat(page);
    const answers = Promise.all([page.hubbub.history("general"), page.hubbub.watch(null)]);
    await pass();
    expect(await answers).toMatchObject([{ head: 5 }, { count: 1, room: null }]);
  });

  test("is not asked for with wire: json", async () => {
    const page = await connected({ wire: "json" });
    expect(page.hubbub.state.wire).toBe("native.json");
    await chat(page);
  });

  test("an oversized command does not leave the house", async () => {
    server.frameBytes = 300;
    const page = await connected();
    await expect(page.hubbub.createRoom("x", "y".repeat(300))).rejects.toMatchObject({
      code: "text_too_long",
    });
    expect(page.phase).toBe("connected");
  });
});
