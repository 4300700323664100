import { disconnected, HubbubError, textTooLong, timedOut } from "./errors.js";
import type { Written } from "./transport.js";
import type { Command, Limits, ReplyFrame, ReplyOf, RoomState } from "./vocabulary.js";

export type Answer<T> = { ok: T } | { error: HubbubError };

const TIMEOUT_MS = 15_000;

interface Pending {
  done: (answer: Answer<never>) => void;
  timer: ReturnType<typeof setTimeout>;
}

/** Rooms in the order of their ids. */
export function byId(rooms: RoomState[]): RoomState[] {
  return rooms.sort((one, other) => (one.room < other.room ? -1 : 1));
}

/** Commands that wait for their replies, by `ref`. */
export class Requests {
  readonly #write: (command: object) => Written;
  readonly #pending = new Map<number | string, Pending>();
  #ref = 0;
  /** What the server accepts; null until it said so. */
  limits: Limits | null = null;

  /** `write`: hands a command to the connection. */
  constructor(write: (command: object) => Written) {
    this.#write = write;
  }

  /** Whether a reply may still come. */
  get busy(): boolean {
    return this.#pending.size > 0;
  }

  /**
   * Send a command. `done` is called exactly once: while the reply's frame is being handled, so before anything that
   * the server sent after it; or with a retryable error when no reply can come any more.
   */
  call<C extends Command>(command: C, done: (answer: Answer<ReplyOf[C["type"]]>) => void): void {
    this.#ref += 1;
    const ref = this.#ref;
    const written = this.#write({ ...command, ref });
    if (written !== "written") {
      return done({ error: written === "too_long" ? textTooLong() : disconnected() });
    }
    const timer = setTimeout(() => this.#finish(ref, { error: timedOut() }), TIMEOUT_MS);
    this.#pending.set(ref, { done: done as Pending["done"], timer });
  }

  ask<C extends Command>(command: C): Promise<ReplyOf[C["type"]]> {
    return new Promise((resolve, reject) => {
      this.call(command, (answer) => ("ok" in answer ? resolve(answer.ok) : reject(answer.error)));
    });
  }

  /** All rooms of mine, by id, asked for in pages. `done` is called exactly once. */
  rooms(done: (answer: Answer<RoomState[]>) => void, found: RoomState[] = [], after?: string): void {
    this.call(after === undefined ? { type: "rooms" } : { type: "rooms", after }, (answer) => {
      if ("error" in answer) return done(answer);
      const last = answer.ok.rooms.at(-1);
      found.push(...answer.ok.rooms);
      if (answer.ok.more === true && last !== undefined) return this.rooms(done, found, last.room);
      done({ ok: byId(found) });
    });
  }

  /** Send without wanting to know. */
  tell(command: Command): void {
    this.#write(command);
  }

  settle(reply: ReplyFrame): void {
    if (reply.ref === null) return;
    this.#finish(reply.ref, "ok" in reply ? { ok: reply.ok } : { error: HubbubError.of(reply.error) });
  }

  /** The connection is gone: nothing that is pending gets a reply. */
  drop(): void {
    for (const ref of [...this.#pending.keys()]) this.#finish(ref, { error: disconnected() });
  }

  #finish(ref: number | string, answer: { ok: unknown } | { error: HubbubError }): void {
    const pending = this.#pending.get(ref);
    if (pending === undefined) return; // the probe of the connection, or a reply after its time
    this.#pending.delete(ref);
    clearTimeout(pending.timer);
    pending.done(answer as Answer<never>);
  }
}
