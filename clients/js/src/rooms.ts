import { Backoff } from "./backoff.js";
import { Cursor } from "./cursor.js";
import { HubbubError } from "./errors.js";
import type { Requests } from "./requests.js";
import type { Event, Joined, RoomState } from "./vocabulary.js";

/** More than this is not kept while an answer is awaited; it is asked for again. */
const HELD_MAX = 500;

export interface RoomsHost {
  readonly requests: Requests;
  readonly random: () => number;
  isUp(): boolean;
  deliver(event: Event): void;
  /** The room is joined on this connection. */
  live(joined: Joined): void;
  reset(room: string): void;
  /** The client is no longer in this room, and the application has not asked for that. */
  lost(room: string, error: HubbubError): void;
  /** Whether this may be the event of a message of ours whose answer is still to come. */
  awaited(event: Event): boolean;
}

interface Waiter {
  resolve(joined: Joined): void;
  reject(error: HubbubError): void;
}

interface Room {
  readonly id: string;
  readonly cursor: Cursor;
  readonly backoff: Backoff;
  /** On this connection. */
  stage: "away" | "joining" | "live";
  /** It was joined before, on any connection: we are a member, unless that ended elsewhere. */
  known: boolean;
  waiting: Waiter[];
  /** Events that must not be shown before the answer to a send; null: none. */
  held: Event[] | null;
  /** More came than is held. */
  overflow?: boolean;
  timer?: ReturnType<typeof setTimeout> | undefined;
}

/** The joined rooms: on every new connection they are joined again, each from its cursor. */
export class Rooms {
  readonly #host: RoomsHost;
  readonly #rooms = new Map<string, Room>();
  #rollCall: ReturnType<typeof setTimeout> | undefined;
  /** Becomes another one with each connection. */
  #turn = 0;

  constructor(host: RoomsHost) {
    this.#host = host;
  }

  has(id: string): boolean {
    return this.#rooms.has(id);
  }

  isLive(id: string): boolean {
    return this.#rooms.get(id)?.stage === "live";
  }

  cursor(id: string): number | undefined {
    return this.#rooms.get(id)?.cursor.seq;
  }

  /** See `Hubbub.join`. */
  join(id: string, since: number | undefined): Promise<Joined> {
    let room = this.#rooms.get(id);
    if (room === undefined) {
      room = {
        id,
        cursor: new Cursor(since),
        backoff: new Backoff(this.#host.random),
        stage: "away",
        known: false,
        waiting: [],
        held: null,
      };
      this.#rooms.set(id, room);
    }
    const { waiting } = room;
    const promise = new Promise<Joined>((resolve, reject) => waiting.push({ resolve, reject }));
    if (room.stage !== "joining") this.#join(room);
    return promise;
  }

  /** Join once more where the server says that we have not. */
  rejoin(id: string): void {
    const room = this.#rooms.get(id);
    if (room?.stage === "live") this.#join(room);
  }

  /** Stop receiving a room. Who waits for it gets `error`. */
  forget(id: string, error: HubbubError): void {
    const room = this.#rooms.get(id);
    if (room === undefined) return;
    this.#rooms.delete(id);
    clearTimeout(room.timer);
    for (const waiter of room.waiting.splice(0)) waiter.reject(error);
  }

  up(): void {
    this.#turn += 1;
    let returning = false;
    for (const room of this.#rooms.values()) {
      if (room.known) returning = true;
      else this.#join(room);
    }
    if (returning) this.#callRoll(new Backoff(this.#host.random));
  }

  down(): void {
    this.#turn += 1;
    clearTimeout(this.#rollCall);
    for (const room of this.#rooms.values()) {
      room.stage = "away";
      clearTimeout(room.timer);
      room.timer = undefined;
      room.backoff.reset();
      room.held = null; // its cursor has not moved: the replay brings it
      room.overflow = false;
    }
  }

  /** The client gave up. The rooms stay, for another `connect`. */
  closed(error: HubbubError): void {
    for (const room of this.#rooms.values()) {
      for (const waiter of room.waiting.splice(0)) waiter.reject(error);
    }
  }

  receive(event: Event): void {
    const room = this.#rooms.get(event.room);
    if (room === undefined) return;
    if (room.held === null) this.#pass(room, event);
    else if (room.held.length < HELD_MAX) room.held.push(event);
    else room.overflow = true;
  }

  /** An answer arrived: what was held because of it may be shown. */
  release(id: string): void {
    const room = this.#rooms.get(id);
    if (room === undefined || room.held === null) return;
    const held = room.held;
    room.held = null;
    for (const event of held) this.receive(event);
    if (room.held === null && room.overflow) {
      room.overflow = false;
      this.#mend(room);
    }
  }

  #pass(room: Room, event: Event): void {
    const verdict = room.cursor.judge(event.seq);
    if (verdict === "hole") return this.#mend(room);
    if (verdict === "repeat") return;
    if (this.#host.awaited(event)) {
      room.held = [event];
      return;
    }
    room.cursor.seq = event.seq;
    room.backoff.reset();
    this.#host.deliver(event);
  }

  /** Something is missing: ask for everything after the cursor. At once, then, if that did not help, less and less. */
  #mend(room: Room): void {
    if (room.stage !== "live" || room.timer !== undefined) return;
    const first = room.backoff.attempt === 0;
    const delay = room.backoff.next();
    if (first) this.#join(room);
    else this.#later(room, delay);
  }

  #later(room: Room, delay: number): void {
    clearTimeout(room.timer);
    room.timer = setTimeout(() => {
      room.timer = undefined;
      this.#join(room);
    }, delay);
  }

  /** Rooms that we left meanwhile on another device must not be joined again: ask which ones are still ours. */
  #callRoll(backoff: Backoff): void {
    const turn = this.#turn;
    this.#host.requests.rooms((answer) => {
      if (turn !== this.#turn) return;
      if ("error" in answer && answer.error.retryable) {
        this.#rollCall = setTimeout(
          () => this.#callRoll(backoff),
          Math.max(backoff.next(), answer.error.retryAfterMs),
        );
        return;
      }
      const mine = "ok" in answer ? new Set(answer.ok.map((room: RoomState) => room.room)) : null;
      for (const room of [...this.#rooms.values()]) {
        if (!room.known || room.stage !== "away") continue;
        if (mine === null || mine.has(room.id) || room.waiting.length > 0) this.#join(room);
        else this.#lose(room.id, notMember());
      }
    });
  }

  #join(room: Room): void {
    if (!this.#host.isUp()) return;
    clearTimeout(room.timer);
    room.timer = undefined;
    room.stage = "joining";
    const since = room.cursor.seq;
    const turn = this.#turn;
    const command = since === undefined ? { room: room.id } : { room: room.id, since };
    this.#host.requests.call({ type: "join", ...command }, (answer) => {
      if (turn !== this.#turn || this.#rooms.get(room.id) !== room) return;
      if ("ok" in answer) this.#joined(room, answer.ok);
      else this.#refused(room, answer.error);
    });
  }

  #joined(room: Room, joined: Joined): void {
    room.stage = "live";
    room.known = true;
    room.cursor.seq ??= joined.head;
    this.#host.live(joined);
    for (const waiter of room.waiting.splice(0)) waiter.resolve(joined);
  }

  #refused(room: Room, error: HubbubError): void {
    if (error.code === "cursor_ahead" && room.cursor.seq !== undefined) {
      room.cursor.seq = undefined;
      room.held = null;
      this.#host.reset(room.id);
      this.#join(room);
    } else if (error.retryable) {
      room.stage = "joining"; // still under way, as far as others are concerned
      this.#later(room, Math.max(room.backoff.next(), error.retryAfterMs));
    } else if (room.known) {
      this.#lose(room.id, error);
    } else {
      this.forget(room.id, error);
    }
  }

  #lose(id: string, error: HubbubError): void {
    this.forget(id, error);
    this.#host.lost(id, error);
  }
}

export function notMember(): HubbubError {
  return new HubbubError("room_forbidden", "You are not a member of this room.");
}
