import { HubbubError, timedOut } from "./errors.js";
import type { Command, ServerFrame, Welcome } from "./vocabulary.js";

const SUBPROTOCOL = "hubbub.v1.json";
/** How long connecting and signing in may take. */
const WELCOME_MS = 15_000;
/** How long the answer to a probe may take. */
const PROBE_MS = 10_000;

/** What happens on a link. Nothing follows `ended`. */
export interface LinkHandler {
  welcome(welcome: Welcome): void;
  /** Any frame after the welcome. */
  frame(frame: ServerFrame): void;
  /** `code`: as in RFC 6455 section 7.4; 1006 when we gave up. `error`: what is known beyond that. */
  ended(code: number, reason: string, error: HubbubError | null): void;
  /** A command that costs little and has a reply. */
  probe(): Command;
}

/** One WebSocket from its opening to its end: signs in, and notices when nobody is at the other end any more. */
export class Link {
  readonly #socket: WebSocket;
  readonly #handler: LinkHandler;
  readonly #now: () => number;
  #welcomed = false;
  #heartbeatMs = 0;
  #heardAt = 0;
  #error: HubbubError | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    url: string,
    Socket: typeof WebSocket,
    token: string | null,
    handler: LinkHandler,
    now: () => number,
  ) {
    const socket = new Socket(url, SUBPROTOCOL);
    this.#socket = socket;
    this.#handler = handler;
    this.#now = now;
    socket.onopen = () => {
      if (token !== null) socket.send(JSON.stringify({ type: "auth", token, ref: "auth" }));
    };
    socket.onmessage = (message: MessageEvent) => this.#hear(message.data);
    socket.onclose = (close: CloseEvent) => this.#end(close.code, close.reason, this.#error);
    this.#timer = setTimeout(() => this.abandon(timedOut()), WELCOME_MS);
  }

  /** False: not connected. */
  write(frame: string): boolean {
    if (!this.#welcomed || this.#socket.readyState !== 1) return false;
    this.#socket.send(frame);
    return true;
  }

  /** Ask whether the other end is still there, unless it was heard of in the last `quietMs`. */
  probe(quietMs = 0): void {
    if (!this.#welcomed || this.#now() - this.#heardAt < quietMs) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.abandon(timedOut()), PROBE_MS);
    this.write(JSON.stringify({ ...this.#handler.probe(), ref: "probe" }));
  }

  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  /** Leave without waiting for the other end, which may be gone: a closing handshake could take minutes. */
  abandon(error: HubbubError | null): void {
    this.#end(1006, "", error);
  }

  #end(code: number, reason: string, error: HubbubError | null): void {
    this.#welcomed = false;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState < 2) socket.close(1000);
    this.#handler.ended(code, reason, error);
  }

  #hear(data: unknown): void {
    let frame: ServerFrame;
    try {
      frame = JSON.parse(data as string) as ServerFrame;
    } catch {
      return this.abandon(new HubbubError("bad_response", "The server's answer can't be read.", true));
    }
    this.#heardAt = this.#now();
    if (this.#welcomed) {
      this.#listen();
      this.#handler.frame(frame);
    } else if (frame.type === "welcome") {
      this.#welcomed = true;
      this.#heartbeatMs = frame.heartbeat_seconds * 1000;
      this.#listen();
      this.#handler.welcome(frame);
    } else if (frame.type === "reply" && "error" in frame) {
      this.#error = HubbubError.of(frame.error);
      // A refused token leaves the connection open; without one the server closes it and says how.
      if (frame.ref === "auth") this.abandon(this.#error);
    }
  }

  /** A browser shows no pings: when the server has been quiet for two heartbeats, ask it. */
  #listen(): void {
    clearTimeout(this.#timer);
    if (this.#heartbeatMs > 0) this.#timer = setTimeout(() => this.probe(), 2 * this.#heartbeatMs);
  }
}
