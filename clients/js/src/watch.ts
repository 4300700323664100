import { disconnected, type HubbubError } from "./errors.js";
import type { Answer, Requests } from "./requests.js";
import type { Watching } from "./vocabulary.js";

export interface WatchHost {
  readonly requests: Requests;
  isUp(): boolean;
  /** Whether it will become live on this connection by itself. */
  isComing(room: string): boolean;
  watching(answer: Watching): void;
}

interface Waiter {
  resolve(watching: Watching): void;
  reject(error: HubbubError): void;
}

/** The one room whose presence and typing the server sends; named again on every new connection. */
export class Watch {
  readonly #host: WatchHost;
  #waiting: Waiter[] = [];
  /** Whether this connection knows it. */
  #told = false;
  room: string | null = null;

  constructor(host: WatchHost) {
    this.#host = host;
  }

  set(room: string | null): Promise<Watching> {
    this.room = room;
    this.#told = false;
    if (!this.#host.isUp()) return Promise.reject(disconnected());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // Who is in a room can be seen from inside only: the join goes first.
      if (room === null || !this.#host.isComing(room)) this.#tell();
    });
  }

  /** A room is joined on this connection. */
  live(room: string): void {
    if (room === this.room && !this.#told) this.#tell();
  }

  up(): void {
    if (this.room !== null && !this.#host.isComing(this.room)) this.#tell();
  }

  down(): void {
    this.#told = false;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(disconnected());
  }

  /** We are no longer in this room. */
  lost(room: string, error: HubbubError): void {
    if (room !== this.room) return;
    this.room = null;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }

  #tell(): void {
    this.#told = true;
    const waiting = this.#waiting.splice(0);
    this.#host.requests.call({ type: "watch", room: this.room }, (answer: Answer<Watching>) => {
      if ("error" in answer) {
        this.#told = false; // not joined? Then it is told when it is.
        for (const waiter of waiting) waiter.reject(answer.error);
        return;
      }
      this.#host.watching(answer.ok);
      for (const waiter of waiting) waiter.resolve(answer.ok);
    });
  }
}
