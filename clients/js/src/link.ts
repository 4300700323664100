import { HubbubError, timedOut } from "./errors.js";
import type { End, Transport, TransportHandler, TransportName, Written } from "./transport.js";
import type { Command, ServerFrame, Welcome } from "./vocabulary.js";

/** How long the answer to a probe may take. */
const PROBE_MS = 10_000;

/**
 * Why a transport can't be used here: there is none (`missing`: the platform has it not, or the application
 * does not allow it), it could not be opened (`refused`), or it opened
 * and nothing came through (`silent`).
 */
export type Obstacle = "missing" | "refused" | "silent";

/** What happens on a link. Nothing follows `ended`. */
export interface LinkHandler {
  welcome(welcome: Welcome): void;
  /** Any frame after the welcome. */
  frame(frame: ServerFrame): void;
  /** `obstacle`: as far as can be seen this transport does not work here; null: that is not the reason. */
  ended(end: End, obstacle: Obstacle | null): void;
  /** A command that costs little and has a reply. */
  probe(): Command;
}

/** One transport from its opening to its end: waits for the welcome, and notices when nobody is at the other end any more. */
export class Link {
  readonly #transport: Transport;
  readonly #handler: LinkHandler;
  readonly #now: () => number;
  readonly #patienceMs: number;
  #stage: "opening" | "open" | "heard" | "welcomed" | "gone" = "opening";
  #frameBytes = 0;
  #heartbeatMs = 0;
  #heardAt = 0;
  #error: HubbubError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `patienceMs`: how long the opening may take, and after it the welcome. */
  constructor(
    dial: (handler: TransportHandler) => Transport,
    handler: LinkHandler,
    now: () => number,
    patienceMs: number,
  ) {
    this.#handler = handler;
    this.#now = now;
    this.#patienceMs = patienceMs;
    this.#transport = dial({
      open: () => this.#become("open"),
      frame: (frame) => this.#hear(frame),
      alive: () => this.#alive(),
      closed: (end) => this.#end(end),
    });
    this.#wait();
  }

  get transport(): TransportName {
    return this.#transport.name;
  }

  /** Welcomed, and not ended. */
  get isUp(): boolean {
    return this.#stage === "welcomed";
  }

  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  write(command: object): Written {
    return this.#stage === "welcomed" ? this.#transport.send(command, this.#frameBytes) : "down";
  }

  /** Ask whether the other end is still there, unless it was heard of in the last `quietMs`. */
  probe(quietMs = 0): void {
    if (this.#stage !== "welcomed" || this.#now() - this.#heardAt < quietMs) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abandon(timedOut()), PROBE_MS);
    this.write({ ...this.#handler.probe(), ref: "probe" });
  }

  /** Leave without waiting for the other end, which may be gone: a closing handshake could take minutes. */
  leave(): void {
    this.#stage = "gone";
    clearTimeout(this.#timer);
    this.#transport.close();
  }

  #abandon(error: HubbubError): void {
    this.#end({ code: 1006, reason: "", error });
  }

  #end(end: End): void {
    const stage = this.#stage;
    const blocked = end.code === 1006 && !end.dead && this.#error === undefined;
    this.leave();
    const obstacle = !blocked ? null : stage === "opening" ? "refused" : stage === "open" ? "silent" : null;
    this.#handler.ended(this.#error === undefined ? end : { ...end, error: this.#error }, obstacle);
  }

  #become(stage: "open" | "heard"): void {
    this.#stage = stage;
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abandon(timedOut()), this.#patienceMs);
  }

  #hear(frame: ServerFrame): void {
    if (this.#stage === "welcomed") {
      this.#alive();
      this.#handler.frame(frame);
    } else if (frame.type === "welcome") {
      this.#stage = "welcomed";
      this.#heartbeatMs = frame.heartbeat_seconds * 1000;
      this.#frameBytes = frame.limits.frame_bytes;
      this.#alive();
      this.#handler.welcome(frame);
    } else {
      this.#become("heard");
      if (frame.type !== "reply" || !("error" in frame)) return;
      this.#error = HubbubError.of(frame.error);
      // A refused token leaves the connection open; without one the server closes it and says how.
      if (frame.ref === "auth") this.#abandon(this.#error);
    }
  }

  /** A browser shows no pings: when nothing has come for two heartbeats, ask. */
  #alive(): void {
    if (this.#stage !== "welcomed") return;
    this.#heardAt = this.#now();
    clearTimeout(this.#timer);
    if (this.#heartbeatMs > 0) this.#timer = setTimeout(() => this.probe(), 2 * this.#heartbeatMs);
  }
}
