/** The REST client against an HTTP server that answers as told. */

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Api, serverUrl } from "../src/api.js";
import { HubbubError } from "../src/errors.js";

interface Asked {
  line: string;
  body: unknown;
  headers: IncomingMessage["headers"];
}

let http: Server;
let base: string;
let asked: Asked[];
let answer: { status: number; body: string };

beforeAll(async () => {
  http = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    asked.push({
      line: `${request.method} ${request.url}`,
      body: text === "" ? undefined : JSON.parse(text),
      headers: request.headers,
    });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterAll(() => {
  http.closeAllConnections();
  http.close();
});

beforeEach(() => {
  asked = [];
  answer = { status: 200, body: '{"rooms":[],"sessions":[],"events":[]}' };
});

test("every call asks what the server understands", async () => {
  const api = new Api(base);
  const credentials = { name: "ada", password: "secret password" };
  const calls: [() => Promise<unknown>, string, unknown?][] = [
    [() => api.server(), "GET server"],
    [() => api.updateServer({ signup: "closed" }), "PATCH server", { signup: "closed" }],
    [
      () => api.signUp({ ...credentials, title: "Ada", cookie: true }),
      "POST accounts",
      { ...credentials, title: "Ada", cookie: true },
    ],
    [() => api.signIn(credentials), "POST sessions", credentials],
    [() => api.sessions(), "GET sessions"],
    [() => api.signOut(), "DELETE sessions/current"],
    [() => api.endSession("a/b"), "DELETE sessions/a%2Fb"],
    [() => api.me(), "GET me"],
    [() => api.updateMe({ title: "A" }), "PATCH me", { title: "A" }],
    [() => api.changePassword("old", "new one"), "POST me/password", { old: "old", new: "new one" }],
    [() => api.rooms(), "GET rooms"],
    [() => api.createRoom("general", "General"), "POST rooms", { room: "general", title: "General" }],
    [() => api.directory("a", 2), "GET directory?after=a&limit=2"],
    [() => api.directory(), "GET directory"],
    [() => api.join("general"), "POST rooms/general/members", {}],
    [() => api.leave("general"), "DELETE rooms/general/members/me"],
    [() => api.members("general", undefined, 5), "GET rooms/general/members?limit=5"],
    [() => api.history("general", { before: 9, limit: 5 }), "GET rooms/general/events?before=9&limit=5"],
    [() => api.send("general", "hi", "n1"), "POST rooms/general/messages", { text: "hi", nonce: "n1" }],
    [() => api.markRead("general", 3), "PUT rooms/general/read", { seq: 3 }],
  ];
  for (const [call, line, body] of calls) {
    await call();
    const [method, path] = line.split(" ");
    expect(asked.at(-1)?.line).toBe(`${method} /api/v1/${path}`);
    expect(asked.at(-1)?.body).toEqual(body);
    expect(asked.at(-1)?.headers["content-type"]).toBe(method === "GET" ? undefined : "application/json");
    expect(asked.at(-1)?.headers.authorization).toBeUndefined();
  }
});

test("asks for page after page of what may be long", async () => {
  const pages = vi.spyOn(globalThis, "fetch").mockImplementation(async (address) => {
    const after = new URL(String(address)).searchParams.get("after");
    const [first, more] = after === null ? ["b", true] : after === "b" ? ["a", true] : ["c", false];
    return Response.json({ rooms: [{ room: first }], sessions: [{ id: first }], more });
  });
  const api = new Api(base);
  expect(await api.rooms()).toEqual([{ room: "a" }, { room: "b" }, { room: "c" }]);
  expect(await api.sessions()).toEqual([{ id: "b" }, { id: "a" }, { id: "c" }]);
  pages.mockRestore();
});

test("gives what the server answers", async () => {
  const api = new Api(base);
  answer.body = '{"sessions":[{"id":"s1"}]}';
  expect(await api.sessions()).toEqual([{ id: "s1" }]);
  answer = { status: 201, body: '{"user":{"name":"ada"},"session":"s1","token":null}' };
  expect(await api.signIn({ name: "ada", password: "secret password" })).toMatchObject({
    user: { name: "ada" },
  });
  answer = { status: 204, body: "" };
  expect(await api.signOut()).toBeUndefined();
});

test("a token goes as a bearer, and then no cookie goes", async () => {
  const fetching = vi.spyOn(globalThis, "fetch");
  await new Api(base, "ada's token").me();
  expect(asked[0]?.headers.authorization).toBe("Bearer ada's token");
  expect(fetching.mock.calls[0]?.[1]?.credentials).toBe("omit");
  await new Api(base).me();
  expect(fetching.mock.calls[1]?.[1]?.credentials).toBe("same-origin");
  fetching.mockRestore();
});

test("the server's refusal", async () => {
  answer = {
    status: 429,
    body: '{"error":{"code":"too_many_attempts","message":"Wait a moment.","retryable":true}}',
  };
  const refused = await new Api(base).me().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(HubbubError);
  expect(refused).toMatchObject({ code: "too_many_attempts", message: "Wait a moment.", retryable: true });
});

test("a proxy's refusal, and an answer that is none", async () => {
  const api = new Api(base);
  answer = { status: 502, body: "<html>Bad gateway</html>" };
  await expect(api.me()).rejects.toMatchObject({ code: "bad_response", retryable: true });
  answer = { status: 404, body: '{"detail":"Not Found"}' };
  await expect(api.me()).rejects.toMatchObject({ code: "bad_response", retryable: false });
  answer = { status: 200, body: "<html>Sign in to this network</html>" };
  await expect(api.me()).rejects.toMatchObject({ code: "bad_response", retryable: true });
});

test("no server at all", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const asking = new Api(`http://127.0.0.1:${port}`).me();
  await expect(asking).rejects.toMatchObject({ code: "unreachable", retryable: true });
});

test("the address: given, with a path, or the page's", () => {
  expect(serverUrl("https://chat.example")).toBe("https://chat.example/");
  expect(serverUrl("https://example.org/chat/")).toBe("https://example.org/chat/");
  expect(() => new Api()).toThrow(TypeError);
  vi.stubGlobal("location", { origin: "https://page.example" });
  expect(serverUrl(undefined)).toBe("https://page.example/");
  vi.unstubAllGlobals();
});
