/** The transports without WebSocket, and the proxy through which a client reaches them, which spoils them on demand. */

import type { TransportName } from "../src/transport.js";
import type { ServerFrame } from "../src/vocabulary.js";
import { LATENCY_MS, type Peer, type Server } from "./server.js";

type Fetch = typeof fetch;
/** A page; nothing reaches a dead one. */
interface Tab {
  alive: boolean;
}

const proxies = new WeakMap<Server, Middlebox>();

/** The one proxy in front of this server. */
export function proxied(server: Server): Middlebox {
  const proxy = proxies.get(server) ?? new Middlebox(server);
  proxies.set(server, proxy);
  return proxy;
}

export class Middlebox {
  readonly peers = new Map<string, HttpPeer>();
  /** "buffered": the head of an event stream gets through, its events do not. Or the status that is answered. */
  sse: "open" | "buffered" | number = "open";
  polling: "open" | number = "open";
  /** Requests, as "GET /sse". */
  readonly requests: string[] = [];
  /** The bodies of the POST requests. */
  readonly bodies: string[] = [];
  /** The next so many requests that carry commands are broken off: before they arrive, or after; or they never arrive. */
  broken: { when: "before" | "after" | "never"; times: number } = { when: "before", times: 0 };
  #keys = 0;

  constructor(readonly server: Server) {}

  fetch(tab: Tab = { alive: true }): Fetch {
    return (input, init = {}) => {
      const { pathname } = new URL(String(input));
      const signal = init.signal ?? new AbortController().signal;
      return new Promise<Response>((done, fail) => {
        const resolve = (response: Response): void => {
          signal.removeEventListener("abort", abort);
          done(response);
        };
        const reject = (reason: unknown): void => {
          signal.removeEventListener("abort", abort);
          fail(reason);
        };
        const abort = (): void => reject(signal.reason);
        signal.addEventListener("abort", abort);
        if (signal.aborted) return abort();
        setTimeout(() => {
          if (!tab.alive || this.server.silent) return;
          this.requests.push(`${init.method} ${pathname}`);
          if (!this.server.reachable) return reject(new TypeError("fetch failed"));
          const token = new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? null;
          const answer = this.#answer(`${init.method} ${pathname}`, init, token, tab);
          Promise.resolve(answer).then((response) => {
            setTimeout(() => (this.server.silent ? undefined : resolve(response)), LATENCY_MS);
          }, reject);
        }, LATENCY_MS);
      });
    };
  }

  /** Nobody says farewell for a page that crashed. */
  vanish(tab: Tab): void {
    for (const peer of [...this.peers.values()]) if (peer.tab === tab) peer.gone();
  }

  #answer(request: string, init: RequestInit, token: string | null, tab: Tab): Response | Promise<Response> {
    const [, method, lane, key] = /^(\w+) \/(\w+)(?:\/(.*))?$/.exec(request) ?? [];
    const mode = lane === "sse" ? this.sse : this.polling;
    if (typeof mode === "number") return new Response("A proxy says no.", { status: mode });
    if (key === undefined) return this.#open(lane === "sse" ? "sse" : "polling", token, init, tab);
    const peer = this.peers.get(key);
    if (peer === undefined) return json({ error: { code: "unknown_connection" } }, 404);
    if (method === "DELETE") {
      peer.gone();
      return new Response(null, { status: 204 });
    }
    if (method === "GET") return peer.poll(init.signal ?? null);
    return this.#commands(peer, String(init.body));
  }

  #open(transport: "sse" | "polling", token: string | null, init: RequestInit, tab: Tab): Response {
    const peer = new HttpPeer(this, transport, `key-${++this.#keys}`, tab);
    this.peers.set(peer.key, peer);
    this.server.links.push(peer);
    const response =
      transport === "polling"
        ? json({ key: peer.key })
        : new Response(peer.stream(), { headers: { "content-type": "text/event-stream; charset=utf-8" } });
    if (transport === "sse") {
      peer.put({ type: "opened", key: peer.key });
      init.signal?.addEventListener("abort", () => setTimeout(() => peer.gone(), LATENCY_MS));
    }
    const user = token === null ? this.server.cookie : this.server.tokens.get(token);
    if (user !== undefined && user !== null) this.server.welcome(peer, user);
    else if (token !== null) {
      // A poll that comes later finds no connection any more.
      const error = { code: "unauthenticated", message: "Sign in first.", retryable: false };
      peer.tell({ type: "reply", ref: null, error });
      peer.cut(4500, "unauthenticated");
    }
    return response;
  }

  async #commands(peer: HttpPeer, body: string): Promise<Response> {
    const breaks = this.broken.times > 0;
    if (breaks) this.broken.times -= 1;
    if (breaks && this.broken.when === "never") return new Promise(() => undefined);
    if (breaks && this.broken.when === "before") throw new TypeError("fetch failed");
    this.bodies.push(body);
    if (body.length > this.server.frameBytes) return new Response("", { status: 413 });
    for (const line of body.split("\n")) this.server.handle(peer, line);
    if (breaks) throw new TypeError("fetch failed");
    return json({}, 202);
  }
}

function json(value: unknown, status = 200): Response {
  return Response.json(value, { status });
}

/** The server's end of a connection without a WebSocket. */
class HttpPeer implements Peer {
  readonly wire = "native.json";
  readonly joined = new Set<string>();
  user = "";
  mute = false;
  #waiting: unknown[] = [];
  #sink: ReadableStreamDefaultController<Uint8Array> | null = null;
  #release: ((broken: boolean) => void) | null = null;

  constructor(
    readonly proxy: Middlebox,
    readonly transport: TransportName,
    readonly key: string,
    readonly tab: Tab,
  ) {}

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (sink) => {
        this.#sink = sink;
      },
    });
  }

  tell(frame: ServerFrame): void {
    if (!this.mute) this.put(frame);
  }

  put(frame: unknown): void {
    if (!this.#known || this.#waiting.push(frame) > 1) return;
    setTimeout(() => this.#flush(), LATENCY_MS);
  }

  async poll(signal: AbortSignal | null): Promise<Response> {
    if (this.#release !== null) return json({ error: { code: "already_polling" } }, 409);
    if (this.#waiting.length === 0) {
      const released = new AbortController();
      const broken = await new Promise<boolean>((resolve) => {
        this.#release = resolve;
        signal?.addEventListener("abort", () => resolve(true), { once: true, signal: released.signal });
      });
      released.abort();
      this.#release = null;
      if (broken) throw new TypeError("terminated");
    }
    return json(this.#waiting.splice(0));
  }

  cut(code: number, reason = ""): void {
    if (!this.#known) return;
    if (code === 1006) this.#waiting = [];
    else this.#waiting.push({ type: "closing", code, reason });
    const sink = this.#sink;
    if (code !== 1006) this.#flush();
    this.gone();
    if (code === 1006) {
      sink?.error(new TypeError("terminated"));
      this.#release?.(true);
    } else if (this.proxy.sse === "open") sink?.close();
  }

  /** The server forgets it. */
  gone(): void {
    this.proxy.peers.delete(this.key);
    const { links } = this.proxy.server;
    const index = links.indexOf(this);
    if (index >= 0) links.splice(index, 1);
    this.#sink = null;
  }

  get #known(): boolean {
    return this.proxy.peers.has(this.key);
  }

  #flush(): void {
    if (this.transport === "polling") return this.#release?.(false);
    const frames = this.#waiting.splice(0);
    if (this.proxy.server.silent || this.proxy.sse !== "open" || !this.tab.alive) return;
    const text = frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join("");
    if (text !== "") this.#sink?.enqueue(new TextEncoder().encode(text));
  }
}
