import { Backoff, OFFLINE_MS } from "./backoff.js";
import { Climber } from "./climber.js";
import { HubbubError, unauthenticated } from "./errors.js";
import type { Fallback, Ladder } from "./ladder.js";
import { Link, type LinkHandler } from "./link.js";
import { listen, online } from "./network.js";
import type { End, Transport, TransportHandler, TransportName, Written } from "./transport.js";
import type { Phase } from "./types.js";
import { CloseCode, type Command, type ServerFrame, type User, type Welcome } from "./vocabulary.js";

/** After this long a connection counts as stable: the next break begins with short delays again. */
const STABLE_MS = 10_000;
/** How long a transport may take to open, and then until the welcome: the first time another one is soon tried, later … */
const FIRST_PATIENCE_MS = 5_000;
/** … a slow network gets its time. */
const PATIENCE_MS = 15_000;
const EXPIRED = "Nobody has used this sign-in for a long time, so it has expired. Sign in again.";
const ENDED = "You have been signed out on this device. Sign in again to go on.";
/** How long to wait for answers that are under way before the connection goes over to a better transport. */
const SETTLE_MS = 3_000;
const SETTLE_STEP_MS = 50;

export interface ConnectionSettings {
  ladder: Ladder;
  dial: (name: TransportName, token: string | null, handler: TransportHandler) => Transport;
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
  /** Whether answers are under way. */
  busy(): boolean;
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
  readonly #climber: Climber;
  #link: Link | null = null;
  #up = false;
  /** Counts the attempts, so that a token which arrives too late is noticed. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stable: ReturnType<typeof setTimeout> | undefined;
  #deaf: (() => void) | null = null;
  /** The last connection ended because the server restarts: no failure, so the next delay does not grow. */
  #restarting = false;

  constructor(settings: ConnectionSettings, handler: ConnectionHandler) {
    this.#settings = settings;
    this.#handler = handler;
    this.#backoff = new Backoff(settings.random);
    this.#climber = new Climber({
      random: settings.random,
      now: settings.now,
      open: (name, failed) => this.#openBeside(name, failed),
    });
  }

  get fallback(): Fallback | null {
    return this.#settings.ladder.fallback;
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
    this.#restarting = false;
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
    this.#climber.stop();
    this.#deaf?.();
    this.#deaf = null;
    this.retryAt = null;
    this.error = error;
    this.phase = "closed";
    this.#link?.leave();
    this.#link = null;
    this.#sink();
    this.#handler.changed();
  }

  /** Try at once instead of waiting; on a connection: ask whether it is still one. */
  reconnectNow(): void {
    if (this.phase === "idle" || this.phase === "closed") this.open();
    else this.#hurry(0);
  }

  /** Somebody has another display name; when it is this client's own, the welcome that was received says so, too. */
  renamed(user: User): void {
    if (this.welcome === null || this.welcome.user.name !== user.name) return;
    this.welcome = { ...this.welcome, user };
    this.#handler.changed();
  }

  write(command: object): Written {
    return this.#link?.write(command) ?? "down";
  }

  #hurry(quietMs: number): void {
    if (this.#up) {
      this.#link?.probe(quietMs);
      this.#climber.hurry();
    } else if (this.retryAt !== null) this.#attempt();
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
        if (!stale()) this.#try(this.#settings.ladder.begin(), token);
      })
      .catch((error: unknown) => {
        if (!stale()) this.#ended({ code: 1006, reason: "", error: asError(error) });
      });
  }

  #try(name: TransportName, token: string | null): void {
    const patience = this.attempt === 0 && !this.#restarting ? FIRST_PATIENCE_MS : PATIENCE_MS;
    this.#link = this.#open(name, token, patience, {
      welcome: (welcome) => this.#welcomed(welcome),
      ended: (end, obstacle) => {
        const next = obstacle && this.#settings.ladder.descend(obstacle, this.attempt);
        if (next) this.#try(next, token);
        else this.#ended(end);
      },
    });
  }

  /** Returns a link whose frames are heard while it is the connection. */
  #open(
    name: TransportName,
    token: string | null,
    patience: number,
    begin: Pick<LinkHandler, "welcome" | "ended">,
  ): Link {
    const { dial, now } = this.#settings;
    const handler: LinkHandler = {
      ...begin,
      frame: (frame) => {
        if (link !== this.#link) return;
        if (frame.type === "welcome") this.#checkUser(frame);
        else this.#handler.frame(frame);
      },
      probe: () => this.#handler.probe(),
    };
    const link = new Link((transport) => dial(name, token, transport), handler, now, patience);
    return link;
  }

  /** For the climber: a link that takes the connection's place when it is welcomed. */
  async #openBeside(name: TransportName, failed: () => void): Promise<Link> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const token = await this.#settings.token();
    const link = this.#open(name, token, PATIENCE_MS, {
      welcome: (welcome) => {
        const settle = (leftMs: number): void => {
          if (!link.isUp) return; // left, because the connection has ended meanwhile
          if (leftMs <= 0 || !this.#handler.busy()) this.#changeTo(link, welcome);
          else timer = setTimeout(() => settle(leftMs - SETTLE_STEP_MS), SETTLE_STEP_MS);
        };
        settle(SETTLE_MS);
      },
      ended: (end, obstacle) => {
        clearTimeout(timer);
        if (link === this.#link) return this.#ended(end);
        if (obstacle !== null) this.#settings.ladder.note(name, obstacle);
        failed();
      },
    });
    return link;
  }

  /** Go on by another link: what stands above sees one connection end and another one begin, nobody else sees anything. */
  #changeTo(link: Link, welcome: Welcome): void {
    if (!this.#checkUser(welcome)) return;
    this.#climber.stop(link);
    this.#link?.leave();
    this.#link = link;
    this.#sink();
    this.#rise(link, welcome);
  }

  #welcomed(welcome: Welcome): void {
    if (this.#link === null || !this.#checkUser(welcome)) return;
    this.phase = "connected";
    this.error = null;
    this.#stable = setTimeout(() => {
      this.#backoff.reset();
      this.#handler.changed();
    }, STABLE_MS);
    this.#rise(this.#link, welcome);
  }

  #rise(link: Link, welcome: Welcome): void {
    const { ladder } = this.#settings;
    ladder.reached(link.transport);
    this.#climber.start(ladder.above(link.transport));
    this.welcome = welcome;
    this.#up = true;
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

  #ended({ code, reason, error }: End): void {
    this.#link = null;
    this.#restarting = this.#up && code === CloseCode.SERVER_RESTART;
    this.#climber.stop();
    clearTimeout(this.#stable);
    const why = error ?? closeError(code, reason);
    if (!comesBack(code) || error?.retryable === false) return this.close(why);
    this.error = why;
    this.#wait();
  }

  /** Until the next attempt. */
  #wait(): void {
    const here = online();
    const delay = !here ? OFFLINE_MS : this.#restarting ? this.#backoff.same() : this.#backoff.next();
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
  if (code === 4501) return unauthenticated(reason === "session expired" ? EXPIRED : ENDED);
  if (code === 4500) return unauthenticated();
  if (code === CloseCode.SERVER_RESTART)
    return new HubbubError("shutting_down", "The server is restarting.", true);
  if (comesBack(code)) return new HubbubError("disconnected", "The connection to the server broke.", true);
  const detail = reason === "" ? String(code) : `${code}: ${reason}`;
  return new HubbubError("refused", `The server closed the connection for good (${detail}).`);
}

function asError(error: unknown): HubbubError {
  if (error instanceof HubbubError) return error;
  return new HubbubError("disconnected", "The connection could not be opened.", true);
}
