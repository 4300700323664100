import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HubbubError } from "../src/errors.js";
import { Page, pass } from "./page.js";
import { LATENCY_MS, Server } from "./server.js";

/** After this long a socket has been opened, and nobody been welcomed on it. */
const OPENED_MS = LATENCY_MS + 1;

let server: Server;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A browser's window and document, as far as the client listens to them. */
function browser(): {
  dispatch: (name: string) => void;
  show: () => void;
  navigator: { onLine: boolean };
  listeners: Set<unknown>;
} {
  const window = new EventTarget();
  const listeners = new Set<unknown>();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const navigator = { onLine: true };
  vi.stubGlobal("addEventListener", (name: string, listener: () => void) => {
    listeners.add(listener);
    window.addEventListener(name, listener);
  });
  vi.stubGlobal("removeEventListener", (name: string, listener: () => void) => {
    listeners.delete(listener);
    window.removeEventListener(name, listener);
  });
  vi.stubGlobal("document", document);
  vi.stubGlobal("navigator", navigator);
  return {
    listeners,
    navigator,
    dispatch: (name) => window.dispatchEvent(new Event(name)),
    show: () => document.dispatchEvent(new Event("visibilitychange")),
  };
}

async function connected(options: ConstructorParameters<typeof Page>[1] = {}): Promise<Page> {
  const page = new Page(server, options);
  page.hubbub.connect();
  await pass();
  expect(page.phase).toBe("connected");
  return page;
}

describe("connecting", () => {
  test("signs in with the token and tells who one is", async () => {
    const page = new Page(server);
    expect(page.phase).toBe("idle");
    page.hubbub.connect();
    await pass();
    expect(page.phases).toEqual(["connecting", "connected"]);
    expect(page.hubbub.state).toMatchObject({
      transport: "websocket",
      wire: "native.json",
      user: { name: "ada" },
      session: "ada's session",
      attempt: 0,
      retryAt: null,
      error: null,
      storage: "memory",
    });
    expect(server.links[0]).toMatchObject({
      url: "wss://chat.example/ws",
      protocols: ["hubbub.v1.msgpack", "hubbub.v1.json"],
    });
  });

  test("without a token the cookie signs in", async () => {
    server.cookie = "bob";
    const page = new Page(server, { token: () => null });
    page.hubbub.connect();
    await pass();
    expect(page.hubbub.state.user).toEqual({ name: "bob" });
  });

  test("asks for the token anew with every attempt", async () => {
    const tokens = ["ada's token", "worn out"];
    const page = await connected({ token: async () => tokens.shift() ?? null });
    server.cut();
    await pass(1_000);
    expect(page.phase).toBe("closed");
    expect(page.hubbub.state.error?.code).toBe("unauthenticated");
  });

  test("a refused token closes for good; connect tries again", async () => {
    let token = "wrong";
    const page = new Page(server, { token: () => token });
    page.hubbub.connect();
    await pass(120_000);
    expect(page.phases).toEqual(["connecting", "closed"]);
    expect(page.hubbub.state.error).toMatchObject({ code: "unauthenticated", retryable: false });
    expect(server.opened).toBe(1);
    token = "ada's token";
    page.hubbub.connect();
    await pass();
    expect(page.phase).toBe("connected");
    expect(page.hubbub.state.error).toBeNull();
  });

  test("a token that can't be fetched right now is fetched later", async () => {
    let fails = true;
    const token = async (): Promise<string> => {
      if (fails) throw new HubbubError("unreachable", "", true);
      return "ada's token";
    };
    const page = new Page(server, { token });
    page.hubbub.connect();
    await pass(0);
    expect(page.phase).toBe("reconnecting");
    fails = false;
    await pass(1_000);
    expect(page.phase).toBe("connected");
  });

  test("a server that says nothing is given up after 15 seconds, and tried again", async () => {
    server.silent = true;
    const page = new Page(server);
    page.hubbub.connect();
    await pass(14_900);
    expect(page.phase).toBe("connecting");
    await pass(200);
    expect(page.phase).toBe("reconnecting");
    expect(page.hubbub.state.error?.code).toBe("timeout");
    server.silent = false;
    await pass(1_000);
    expect(page.phase).toBe("connected");
  });

  test("a platform with neither WebSocket nor fetch is told so", () => {
    vi.stubGlobal("WebSocket", undefined);
    vi.stubGlobal("fetch", undefined);
    const page = new Page(server, { WebSocket: undefined as never, fetch: undefined as never });
    expect(() => page.hubbub.connect()).toThrow(TypeError);
  });

  test("somebody else's cookie is never acted with", async () => {
    server.cookie = "ada";
    const page = await connected({ token: () => null });
    server.cookie = "bob";
    server.cut();
    await pass(1_000);
    expect(page.phase).toBe("closed");
    expect(page.hubbub.state.error?.code).toBe("unauthenticated");
    expect(page.hubbub.state.user).toEqual({ name: "ada" });
    expect(server.links).toEqual([]);
  });
});

describe("coming back", () => {
  test.each([1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 3000, 4000, 4001, 4002, 4499])(
    "close code %i: by itself",
    async (code) => {
      const page = await connected();
      server.cut(code);
      expect(page.phase).toBe("reconnecting");
      const attempt = code === 4000 ? 0 : 1;
      expect(page.hubbub.state).toMatchObject({ transport: null, wire: null, attempt });
      expect(page.hubbub.state.error?.retryable).toBe(true);
      await pass(1_000);
      expect(page.phase).toBe("connected");
    },
  );

  test.each([1002, 1003, 1007, 1008, 1009, 4500, 4501, 4999])(
    "close code %i: not by itself",
    async (code) => {
      const page = await connected();
      server.cut(code, "because");
      await pass(600_000);
      expect(page.phases).toEqual(["connecting", "connected", "closed"]);
      expect(page.hubbub.state.error?.retryable).toBe(false);
      expect(page.hubbub.state.error?.code).toBe(
        code === 4500 || code === 4501 ? "unauthenticated" : "refused",
      );
      expect(server.opened).toBe(1);
      page.hubbub.reconnectNow();
      await pass();
      expect(page.phase).toBe("connected");
    },
  );

  test.each([
    ["session ended", "You have been signed out on this device. Sign in again to go on."],
    ["session expired", "Nobody has used this sign-in for a long time, so it has expired. Sign in again."],
  ])("%s: the state says why", async (reason, message) => {
    const page = await connected();
    server.cut(4501, reason);
    expect(page.hubbub.state.error).toMatchObject({ code: "unauthenticated", message });
  });

  test("the ceiling of the delays doubles from 0.5 to 30 seconds", async () => {
    server.reachable = false;
    const page = new Page(server);
    page.hubbub.connect();
    const delays: number[] = [];
    page.hubbub.on("state", ({ retryAt }) => {
      if (retryAt !== null) delays.push(retryAt - Date.now());
    });
    await pass(120_000);
    expect(delays.slice(0, 9)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test("a connection that soon breaks again does not reset the delays, a stable one does", async () => {
    const page = await connected();
    for (const attempt of [1, 2, 3]) {
      server.cut();
      expect(page.hubbub.state.attempt).toBe(attempt);
      await pass(9_000);
      expect(page.phase).toBe("connected");
    }
    await pass(10_000);
    expect(page.hubbub.state.attempt).toBe(0);
    server.cut();
    expect(page.hubbub.state.attempt).toBe(1);
  });

  test("restarts in quick succession do not make the delays grow", async () => {
    const page = await connected();
    const delays: number[] = [];
    page.hubbub.on("state", ({ retryAt }) => {
      if (retryAt !== null) delays.push(retryAt - Date.now());
    });
    for (const code of [4000, 4000, 4000, 1006, 4000, 1006]) {
      server.cut(code);
      await pass(1_000);
      expect(page.phase).toBe("connected");
    }
    expect(delays).toEqual([250, 250, 250, 250, 500, 500]);
  });

  test("a server that turns clients away because it restarts makes them grow all the same", async () => {
    const page = await connected();
    const delays: number[] = [];
    page.hubbub.on("state", ({ retryAt }) => {
      if (retryAt !== null) delays.push(retryAt - Date.now());
    });
    server.cut(4000);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await pass((delays.at(-1) ?? 0) + OPENED_MS);
      expect(server.links).toHaveLength(1);
      server.cut(4000);
    }
    expect(delays).toEqual([250, 250, 500, 1_000]);
  });

  test("reconnectNow does not wait", async () => {
    const page = await connected({ random: () => 0.999 });
    server.reachable = false;
    server.cut();
    await pass(60_000);
    expect(page.phase).toBe("reconnecting");
    server.reachable = true;
    page.hubbub.reconnectNow();
    await pass(50);
    expect(page.phase).toBe("connected");
  });

  test("close is for good, also while waiting", async () => {
    const page = await connected();
    server.cut();
    page.hubbub.close();
    await pass(600_000);
    expect(page.phase).toBe("closed");
    expect(page.hubbub.state).toMatchObject({ error: null, retryAt: null });
    expect(server.opened).toBe(1);
  });

  test("close leaves no timer behind that would keep a program alive", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.send("general", "hi");
    page.hubbub.typing("general", true);
    page.hubbub.history("general").catch(() => undefined);
    await pass(7);
    page.hubbub.close();
    await pass(3_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("close while the token is being fetched opens nothing", async () => {
    const page = new Page(server, { token: async () => "ada's token" });
    page.hubbub.connect();
    page.hubbub.close();
    await pass();
    expect(server.opened).toBe(0);
  });

  test("a listener may close the client", async () => {
    const page = new Page(server);
    page.hubbub.on("state", ({ phase }) => {
      if (phase === "connecting") page.hubbub.close();
    });
    page.hubbub.connect();
    await pass(60_000);
    expect(page.phase).toBe("closed");
    expect(server.opened).toBe(0);
  });
});

describe("a quiet connection", () => {
  test("is asked after two heartbeats, and stays when it answers", async () => {
    const page = await connected();
    await pass(49_000);
    expect(server.count("watch")).toBe(0);
    await pass(2_000);
    expect(server.count("watch")).toBe(1);
    await pass(600_000);
    expect(page.phases).toEqual(["connecting", "connected"]);
    expect(server.count("watch")).toBeGreaterThan(10);
  });

  test("is given up when it does not answer within 10 seconds", async () => {
    const page = await connected();
    server.silent = true;
    await pass(59_000);
    expect(page.phase).toBe("connected");
    await pass(1_100);
    expect(page.phase).toBe("reconnecting");
    server.silent = false;
    await pass(1_000);
    expect(page.phase).toBe("connected");
  });

  test("is not asked while anything arrives", async () => {
    await connected();
    for (let i = 0; i < 10; i += 1) {
      server.broadcast({ type: "read", room: "general", seq: 1, unread: 0 });
      await pass(40_000);
    }
    expect(server.count("watch")).toBe(0);
  });

  test("is asked at once when the page is shown again after a long time", async () => {
    const { show } = browser();
    const page = await connected();
    show();
    await pass();
    expect(server.count("watch")).toBe(0);
    server.silent = true;
    await pass(30_000);
    show();
    await pass(10_001);
    expect(page.phase).toBe("reconnecting");
  });
});

describe("the browser's network", () => {
  test("offline: waits for it, and comes back with it at once", async () => {
    const { dispatch, navigator } = browser();
    const page = await connected();
    navigator.onLine = false;
    server.reachable = false;
    dispatch("offline");
    server.cut();
    expect(page.phase).toBe("offline");
    await pass(20_000);
    expect(server.opened).toBe(1);
    navigator.onLine = true;
    server.reachable = true;
    dispatch("online");
    await pass(50);
    expect(page.phases).toEqual(["connecting", "connected", "offline", "reconnecting", "connected"]);
  });

  test("a browser that is wrong about being offline is not believed forever", async () => {
    const { navigator } = browser();
    navigator.onLine = false;
    server.reachable = false;
    const page = new Page(server);
    page.hubbub.connect();
    await pass(1_000);
    expect(page.phase).toBe("offline");
    server.reachable = true;
    await pass(30_000);
    expect(page.phase).toBe("connected");
  });

  test("offline on a connection: it is asked whether it is still one", async () => {
    const { dispatch } = browser();
    const page = await connected();
    server.silent = true;
    dispatch("offline");
    await pass(10_001);
    expect(page.phase).toBe("reconnecting");
  });

  test("a page that is shown does not wait for the next attempt", async () => {
    const { show } = browser();
    const page = await connected({ random: () => 0.999 });
    server.reachable = false;
    server.cut();
    await pass(60_000);
    server.reachable = true;
    show();
    await pass(50);
    expect(page.phase).toBe("connected");
  });

  test("a closed client hears nothing any more", async () => {
    const { dispatch, listeners } = browser();
    const page = await connected();
    expect(listeners.size).toBe(2);
    page.hubbub.close();
    expect(listeners.size).toBe(0);
    dispatch("online");
    await pass(60_000);
    expect(server.opened).toBe(1);
  });
});
