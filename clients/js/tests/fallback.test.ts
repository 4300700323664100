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

describe("falling back", () => {
  test("a refused WebSocket: an event stream at once, and why", async () => {
    blocked(server);
    server.room("general");
    const page = new Page(server);
    page.hubbub.connect();
    await pass();
    expect(page.hubbub.state).toMatchObject({ ...SSE, wire: "native.json", attempt: 0, error: null });
    expect(page.phases).toEqual(["connecting", "connected"]);
    void page.hubbub.join("general", 0);
    await chat(server, page);
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
    blocked(server);
    middle.sse = sse;
    const page = await connected(server);
    expect(page.hubbub.state).toMatchObject({
      ...POLLING,
      fallback: { websocket: "refused", sse: sse === "buffered" ? "silent" : "refused" },
    });
    await chat(server, page);
  });

  test("without a token the cookie signs in", async () => {
    server.cookie = "bob";
    for (const spoil of [blocked, buffered]) {
      spoil(server);
      const page = await connected(server, { token: () => null });
      expect(page.hubbub.state.user).toEqual({ name: "bob" });
      page.hubbub.close();
    }
  });

  test("a platform without WebSocket", async () => {
    vi.stubGlobal("WebSocket", undefined);
    const page = await connected(server, { WebSocket: undefined as never });
    expect(page.hubbub.state).toMatchObject({ transport: "sse", fallback: { websocket: "missing" } });
    await pass(3_600_000);
    expect(server.opened).toBe(0);
    await chat(server, page);
  });

  test("only the transports that the application allows", async () => {
    const page = await connected(server, { transports: ["polling"] });
    expect(page.hubbub.state.transport).toBe("polling");
    await pass(600_000);
    expect(server.opened).toBe(0);
    expect(middle.requests).not.toContain("GET /sse");
    await chat(server, page);
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
    blocked(server);
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
    const page = await connected(server);
    blocked(server);
    server.cut();
    await pass(300);
    expect(page.phase).toBe("reconnecting");
    expect(middle.requests).toEqual([]);
    await pass(1_000);
    expect(page.hubbub.state).toMatchObject(SSE);
    await chat(server, page);
  });

  test("nothing works: the next attempt begins with the WebSocket again", async () => {
    buffered(server);
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
  beforeEach(() => spoil(server));

  test("a refused token closes for good", async () => {
    const page = new Page(server, { token: "wrong" });
    page.hubbub.connect();
    await pass(60_000);
    expect(page.phases).toEqual(["connecting", "closed"]);
    expect(page.hubbub.state.error).toMatchObject({ code: "unauthenticated", retryable: false });
  });

  test("commands are refused with the same errors", async () => {
    const page = await connected(server);
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
      const page = await connected(server);
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
      await chat(server, page);
    },
  );

  test.each([4500, 4501, 1008])("close code %i: does not come back", async (code) => {
    const page = await connected(server);
    server.cut(code, "because");
    await pass(600_000);
    expect(page.phase).toBe("closed");
    expect(page.hubbub.state.error?.code).toBe(code === 1008 ? "refused" : "unauthenticated");
  });

  test.each(["before", "after"] as const)(
    "a POST that breaks %s it arrived: each message once",
    async (when) => {
      const page = await connected(server);
      middle.broken = { when, times: 1 };
      await chat(server, page);
      await pass(2_000);
      expect(page.hubbub.state.transport).toBe(transport);
      await chat(server, page);
    },
  );

  test("a POST that is never answered is given up after 15 seconds", async () => {
    const page = await connected(server);
    middle.broken = { when: "never", times: 1 };
    page.hubbub.send("general", "hi");
    await pass(14_900);
    expect(page.phase).toBe("connected");
    expect(page.texts()).toEqual([]);
    await pass(2_000);
    expect(page.texts()).toEqual(["hi"]);
  });

  test("the server forgot the connection", async () => {
    const page = await connected(server);
    middle.peers.clear();
    page.hubbub.send("general", "hi");
    await pass(2_000);
    expect(page.texts()).toEqual(["hi"]);
  });

  test("commands arrive in order, what was written meanwhile together, and no body is too long", async () => {
    server.frameBytes = 300;
    server.textBytes = 200;
    const page = await connected(server);
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
    const page = await connected(server);
    await pass(600_000);
    expect(page.phases).toEqual(["connecting", "connected"]);
    server.silent = true;
    await pass(61_000);
    expect(page.phase).toBe("reconnecting");
    server.silent = false;
    await pass(60_000);
    expect(page.phase).toBe("connected");
    await chat(server, page);
  });

  test("close tells the server, and leaves no timer behind", async () => {
    const page = await connected(server);
    page.hubbub.send("general", "hi");
    await pass(7);
    page.hubbub.close();
    await pass(3_000);
    expect(middle.peers.size).toBe(0);
    expect(server.links).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the compact wire", () => {
  beforeEach(() => {
    server.compact = true;
  });

  test("is spoken where the server does", async () => {
    const page = await connected(server);
    expect(page.hubbub.state).toMatchObject({ transport: "websocket", wire: "native.msgpack" });
    await chat(server, page);
    const answers = Promise.all([page.hubbub.history("general"), page.hubbub.watch(null)]);
    await pass();
    expect(await answers).toMatchObject([{ head: 5 }, { count: 1, room: null }]);
  });

  test("is not asked for with wire: json", async () => {
    const page = await connected(server, { wire: "json" });
    expect(page.hubbub.state.wire).toBe("native.json");
    await chat(server, page);
  });

  test("an oversized command does not leave the house", async () => {
    server.frameBytes = 300;
    const page = await connected(server);
    await expect(page.hubbub.createRoom("x", "y".repeat(300))).rejects.toMatchObject({
      code: "text_too_long",
    });
    expect(page.phase).toBe("connected");
  });
});
