import { Backoff, OFFLINE_MS } from "./backoff.js";
import { HubbubError, unauthenticated } from "./errors.js";
import { Link, type LinkHandler } from "./link.js";
import { listen, online } from "./network.js";
import type { Phase } from "./types.js";
import type { Command, ServerFrame, Welcome } from "./vocabulary.js";

/** After this long a connection counts as stable: the next break begins with short delays again. */
const STABLE_MS = 10_000;

export interface ConnectionSettings {
  /** ws(s) address. */
  url: string;
  WebSocket: typeof WebSocket;
  token: () => string | null | Promise<string | null>;
  random: () => number;
  now: () => number;
}

/** What stands above the connection. `up` and `down` alternate; frames come only between them. */
export interface ConnectionHandler {
  up(welcome: Welcome): void;
  frame(frame: ServerFrame): void;
  down(): void;
  /** One of the public fields is another one now. Called after `up` and `down`. */
  changed(): void;
  /** As whom this client acts; null: nobody knows yet. */
  user(): string | null;
  probe(): Command;
}

/** A link that comes back: one after another, with growing delays in between, until it is closed. */
export class Connection {
  phase: Phase = "idle";
  /** Unix ms of the next attempt; null: none is waiting. */
  retryAt: number | null = null;
  /** Why there is no connection. */
  error: HubbubError | null = null;
  /** The last one that was received. */
  welcome: Welcome | null = null;

  readonly #settings: ConnectionSettings;
  readonly #handler: ConnectionHandler;
  readonly #backoff: Backoff;
  #link: Link | null = null;
  #up = false;
  /** Counts the attempts, so that a token which arrives too late is noticed. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stable: ReturnType<typeof setTimeout> | undefined;
  #deaf: (() => void) | null = null;

  constructor(settings: ConnectionSettings, handler: ConnectionHandler) {
    this.#settings = settings;
    this.#handler = handler;
    this.#backoff = new Backoff(settings.random);
  }

  /** How many attempts failed since the last stable connection. */
  get attempt(): number {
    return this.#backoff.attempt;
  }

  get isUp(): boolean {
    return this.#up;
  }

  open(): void {
    if (this.phase !== "idle" && this.phase !== "closed") return;
    this.#backoff.reset();
    this.error = null;
    this.phase = "connecting";
    this.#deaf ??= listen({
      online: () => this.#hurry(0),
      visible: () => this.#hurry(this.#link?.heartbeatMs ?? 0),
      offline: () => this.#offline(),
    });
    this.#attempt();
  }

  close(error: HubbubError | null = null): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#stable);
    this.#deaf?.();
    this.#deaf = null;
    this.retryAt = null;
    this.error = error;
    this.phase = "closed";
    const link = this.#link;
    this.#link = null; // what it says from now on is not heard
    link?.abandon(null);
    this.#sink();
    this.#handler.changed();
  }

  /** Try at once instead of waiting; on a connection: ask whether it is still one. */
  reconnectNow(): void {
    if (this.phase === "idle" || this.phase === "closed") this.open();
    else this.#hurry(0);
  }

  write(frame: string): boolean {
    return this.#link?.write(frame) ?? false;
  }

  #hurry(quietMs: number): void {
    if (this.#up) this.#link?.probe(quietMs);
    else if (this.retryAt !== null) this.#attempt();
  }

  #offline(): void {
    if (this.#up) this.#link?.probe();
    else if (this.retryAt !== null) this.#wait();
  }

  #attempt(): void {
    clearTimeout(this.#timer);
    this.retryAt = null;
    if (this.phase === "offline" && online()) this.phase = "reconnecting";
    this.#turn += 1;
    const turn = this.#turn;
    const stale = (): boolean => turn !== this.#turn;
    this.#handler.changed();
    Promise.resolve()
      .then(() => this.#settings.token())
      .then((token) => {
        if (stale()) return;
        const { url, WebSocket, now } = this.#settings;
        this.#link = new Link(url, WebSocket, token, this.#listener(stale), now);
      })
      .catch((error: unknown) => {
        if (!stale()) this.#ended(1006, "", asError(error));
      });
  }

  #listener(stale: () => boolean): LinkHandler {
    return {
      welcome: (welcome) => this.#welcomed(welcome),
      frame: (frame) => (frame.type === "welcome" ? this.#checkUser(frame) : this.#handler.frame(frame)),
      ended: (code, reason, error) => {
        if (!stale() && this.#link !== null) this.#ended(code, reason, error);
      },
      probe: () => this.#handler.probe(),
    };
  }

  #welcomed(welcome: Welcome): void {
    if (!this.#checkUser(welcome)) return;
    this.welcome = welcome;
    this.phase = "connected";
    this.error = null;
    this.#up = true;
    this.#stable = setTimeout(() => {
      this.#backoff.reset();
      this.#handler.changed();
    }, STABLE_MS);
    this.#handler.up(welcome);
    this.#handler.changed();
  }

  /** Somebody else signed in with this browser's cookie. What this page holds is not for them, nor in their name. */
  #checkUser(welcome: Welcome): boolean {
    const user = this.#handler.user();
    if (user === null || user === welcome.user.name) return true;
    this.close(unauthenticated("Somebody else is signed in now. Load the page again."));
    return false;
  }

  #ended(code: number, reason: string, error: HubbubError | null): void {
    this.#link = null;
    clearTimeout(this.#stable);
    const why = error ?? closeError(code, reason);
    if (!comesBack(code) || (error !== null && !error.retryable)) return this.close(why);
    this.error = why;
    this.#wait();
  }

  /** Until the next attempt. */
  #wait(): void {
    const here = online();
    const delay = here ? this.#backoff.next() : OFFLINE_MS;
    this.phase = here ? "reconnecting" : "offline";
    this.retryAt = this.#settings.now() + delay;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#attempt(), delay);
    this.#sink();
    this.#handler.changed();
  }

  #sink(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#handler.down();
  }
}

/**
 * Whether to come back by oneself after this close code: not when the server would only refuse again (4500 to 4999),
 * nor when it and we do not understand each other (RFC 6455 section 7.4.1).
 */
export function comesBack(code: number): boolean {
  return code < 4500 && ![1002, 1003, 1007, 1008, 1009, 1010].includes(code);
}

function closeError(code: number, reason: string): HubbubError {
  if (code === 4500 || code === 4501) return unauthenticated();
  if (code === 4000) return new HubbubError("shutting_down", "The server is restarting.", true);
  if (comesBack(code)) return new HubbubError("disconnected", "The connection to the server broke.", true);
  const detail = reason === "" ? String(code) : `${code}: ${reason}`;
  return new HubbubError("refused", `The server closed the connection for good (${detail}).`);
}

function asError(error: unknown): HubbubError {
  if (error instanceof HubbubError) return error;
  return new HubbubError("disconnected", "The connection could not be opened.", true);
}
