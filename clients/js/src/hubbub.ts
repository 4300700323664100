import { serverUrl } from "./api.js";
import { Archive } from "./archive.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { disconnected, type HubbubError } from "./errors.js";
import { IndexedDbStorage } from "./indexeddb.js";
import { asEvent, knownPage } from "./known.js";
import { Ladder, tabMemory } from "./ladder.js";
import { MemoryStorage } from "./memory.js";
import { Nonces } from "./nonce.js";
import { Outbox } from "./outbox.js";
import { PollingTransport } from "./polling.js";
import { Requests } from "./requests.js";
import { notMember, Rooms } from "./rooms.js";
import { SseTransport } from "./sse.js";
import type { OutboxStorage } from "./storage.js";
import { Tab } from "./tab.js";
import { TRANSPORTS, type Transport, type TransportHandler, type TransportName } from "./transport.js";
import type { Events, Options, Outgoing, State } from "./types.js";
import { Typing } from "./typing.js";
import type {
  Command,
  DirectoryPage,
  EventPage,
  FieldsOf,
  Joined,
  MemberPage,
  ReactionPage,
  ReadMark,
  ReplyOf,
  RoomEntry,
  RoomState,
  ServerFrame,
  Versions,
  Watching,
  Welcome,
} from "./vocabulary.js";
import { Watch } from "./watch.js";
import { WebSocketTransport } from "./websocket.js";
import type { Write } from "./write.js";

/** Commands whose effect the client keeps track of. */
type Tracked = "auth" | "join" | "leave" | "typing" | "watch" | Write["type"];

/**
 * One user's link to a server: connects, comes back by itself, catches up, and sends each message exactly once.
 *
 *     const hubbub = new Hubbub();
 *     hubbub.on("event", (event) => console.log(event.room, event.seq, event.type));
 *     hubbub.connect();
 *     await hubbub.join("general");
 *     hubbub.send("general", "Hello!");
 *
 * What needs an answer rejects with a `HubbubError`; without a connection at once, with `disconnected`. `join` and
 * `send` wait for one instead.
 */
export class Hubbub {
  readonly #emitter = new Emitter<Events>();
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #rooms: Rooms;
  readonly #archive: Archive;
  readonly #outbox: Outbox;
  readonly #typing: Typing;
  readonly #watch: Watch;
  readonly #user: string | null;
  readonly #transports: readonly TransportName[];
  #state: State;

  constructor(options: Options = {}) {
    const base = serverUrl(options.url);
    const now = options.now ?? Date.now;
    const random = options.random ?? Math.random;
    const token = options.token ?? null;
    this.#user = options.user ?? null;
    this.#transports = usable(options);
    this.#connection = new Connection(
      {
        ladder: new Ladder(this.#transports, `hubbub transport ${base}`, tabMemory()),
        dial: dialer(options, base, now),
        token: typeof token === "function" ? token : () => token,
        random,
        now,
      },
      {
        up: (welcome) => this.#up(welcome),
        frame: (frame) => this.#hear(frame),
        down: () => this.#down(),
        changed: () => this.#changed(),
        user: () => this.#connection.welcome?.user.name ?? this.#user,
        probe: () => ({ type: "watch", room: this.#watch.room }),
        busy: () => this.#requests.busy,
      },
    );
    const isUp = (): boolean => this.#connection.isUp;
    const requests = new Requests((command) => this.#connection.write(command));
    this.#requests = requests;
    this.#rooms = new Rooms({
      requests,
      random,
      isUp,
      deliver: (event) => this.#emitter.emit("event", event),
      live: (joined) => this.#live(joined),
      reset: (room) => this.#emitter.emit("reset", { room }),
      lost: (room, error) => this.#lost(room, error),
      awaited: (event) => this.#outbox.awaits(event),
    });
    this.#archive = new Archive(options.storage ?? defaultStorage(base), () => this.#changed());
    this.#outbox = new Outbox(
      {
        requests,
        random,
        now,
        isLive: (room) => this.#rooms.isLive(room),
        rejoin: (room) => this.#rooms.rejoin(room),
        emit: (entry) => this.#emitter.emit("outbox", entry),
        changed: () => this.#changed(),
        answered: (room) => this.#rooms.release(room),
        restored: (rooms) => void this.#checkMembership(rooms),
      },
      this.#archive,
      new Tab(new Nonces(now).next()),
      this.#user,
    );
    this.#typing = new Typing((room, typing) => this.#tellTyping(room, typing), now);
    this.#watch = new Watch({
      requests,
      isUp,
      isComing: (room) => this.#rooms.has(room) && !this.#rooms.isLive(room),
      watching: (answer) => this.#emitter.emit("watching", answer),
    });
    this.#state = this.#snapshot();
    void this.#outbox.open();
  }

  get state(): State {
    return this.#state;
  }

  connect(): void {
    if (this.#transports.length === 0) {
      throw new TypeError("WebSocket, fetch: this platform has neither, so give one.");
    }
    this.#connection.open();
  }

  /** End the connection and all waiting. What is unsent stays in the storage. `connect` begins again. */
  close(): void {
    this.#connection.close();
    this.#outbox.close();
  }

  /** Do not wait for the next attempt; opens a closed client again. On a connection: make sure that it still is one. */
  reconnectNow(): void {
    this.#connection.reconnectNow();
  }

  /** Returns what takes the listener away again. */
  on<K extends keyof Events>(name: K, listener: (value: Events[K]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  /**
   * The server's reply to any command, of those too that have no method here. What the client keeps track of has one:
   * joining and leaving, all that changes a room's log, watching, typing.
   */
  ask<K extends Exclude<keyof FieldsOf, Tracked>>(type: K, fields: FieldsOf[K]): Promise<ReplyOf[K]> {
    return this.#requests.ask({ type, ...fields } as Extract<Command, { type: K }>) as Promise<ReplyOf[K]>;
  }

  /** All the rooms that I am a member of, by id. */
  rooms(): Promise<RoomState[]> {
    return new Promise((resolve, reject) => {
      this.#requests.rooms((answer) => ("ok" in answer ? resolve(answer.ok) : reject(answer.error)));
    });
  }

  /** The public rooms. `after`: the last room of the page before. */
  directory(after?: string, limit?: number): Promise<DirectoryPage> {
    return this.ask("directory", { after, limit });
  }

  createRoom(room: string, title?: string, topic?: string): Promise<RoomEntry> {
    return this.ask("create_room", { room, title, topic });
  }

  /**
   * Become a member if I am not one yet, and receive the room's events: those after `since`, or without it those that
   * come from now on. Waits for a connection, and is kept up over all later ones, each time from where it was.
   *
   * On a room that is joined already it only asks for the numbers of the reply; `since` then counts for nothing.
   * Rejects when the server refuses for good, or by `leave` or `close`.
   */
  join(room: string, since?: number): Promise<Joined> {
    return this.#rooms.join(room, since);
  }

  /** Stop being a member, on all devices. */
  async leave(room: string): Promise<void> {
    await this.#requests.ask({ type: "leave", room });
    this.#forget(room, notMember());
  }

  /**
   * Say something in a room. It is stored first, so that it survives a reload, and sent as soon as the room is joined
   * on a connection, in order, until the server has it. Follow it by the event `outbox`, in which it is `queued` first.
   *
   * `replyTo`: the `seq` of the message that it answers.
   */
  send(room: string, text: string, { replyTo }: { replyTo?: number } = {}): Outgoing {
    this.#typing.forget(room); // the message itself tells that
    return this.#outbox.add(room, { type: "send", text, ...(replyTo !== undefined && { replyTo }) });
  }

  /** Give a message of mine another text. It goes the way of `send`, as do all changes of a room's log below. */
  edit(room: string, seq: number, text: string): Outgoing {
    return this.#outbox.add(room, { type: "edit", about: seq, text });
  }

  /** Delete a message of mine, or as an administrator anybody's. Its text is gone for good, its `seq` stays. */
  delete(room: string, seq: number): Outgoing {
    return this.#outbox.add(room, { type: "delete", about: seq });
  }

  /** Put one emoji of mine to a message. Once more changes nothing. */
  react(room: string, seq: number, emoji: string): Outgoing {
    return this.#outbox.add(room, { type: "react", about: seq, emoji });
  }

  /** Take it away again. */
  unreact(room: string, seq: number, emoji: string): Outgoing {
    return this.#outbox.add(room, { type: "unreact", about: seq, emoji });
  }

  /** Give a room another name or topic. What is absent stays as it is. */
  changeRoom(room: string, changes: { title?: string; topic?: string }): Outgoing {
    return this.#outbox.add(room, { type: "change_room", ...changes });
  }

  /** Send a failed write once more, at its old place in the order. */
  retry(nonce: string): void {
    this.#outbox.retry(nonce);
  }

  /** Forget a write. One that is under way may arrive nevertheless. */
  discard(nonce: string): Promise<void> {
    return this.#outbox.discard(nonce);
  }

  /**
   * The writes of this tab that are not acknowledged, in the order of writing. Resolves when those of an earlier
   * visit are among them: that is after the first connection, unless `Options.user` said whose they are.
   */
  outbox(): Promise<Outgoing[]> {
    return this.#outbox.list();
  }

  /** A page of a room's log: before or after a `seq`, or its newest. */
  history(room: string, page: { before?: number; after?: number; limit?: number } = {}): Promise<EventPage> {
    return this.ask("history", { room, ...page }).then(knownPage);
  }

  /** The texts that a message had, the oldest first. */
  versions(room: string, seq: number): Promise<Versions> {
    return this.ask("versions", { room, seq });
  }

  /** Who reacted to a message by this emoji, in the order of reacting. `after`: the last name of the page before. */
  reactions(room: string, seq: number, emoji: string, after?: string, limit?: number): Promise<ReactionPage> {
    return this.ask("reactions", { room, seq, emoji, after, limit });
  }

  /** Who is in a room, by name. `after`: the last name of the page before. */
  members(room: string, after?: string, limit?: number): Promise<MemberPage> {
    return this.ask("members", { room, after, limit });
  }

  /** I have read everything up to `seq`. */
  markRead(room: string, seq: number): Promise<ReadMark> {
    return this.ask("read", { room, seq });
  }

  /**
   * Tell the others in a joined room that I am typing. Call it with every key stroke: they are told every 2 seconds at
   * most, and that it is over after 5 seconds without a call.
   */
  typing(room: string, typing: boolean): void {
    if (typing) this.#typing.on(room);
    else this.#typing.off(room);
  }

  /** Name the room on the screen, to get its `presence` and `typing`; null: none. Repeated after each reconnect. */
  watch(room: string | null): Promise<Watching> {
    return this.#watch.set(room);
  }

  /** The `seq` of the last event of this room that was delivered; undefined: it is not joined. */
  cursor(room: string): number | undefined {
    return this.#rooms.cursor(room);
  }

  #up(welcome: Welcome): void {
    this.#requests.limits = welcome.limits;
    this.#rooms.up();
    this.#watch.up();
    this.#outbox.up(welcome.user.name);
  }

  #down(): void {
    this.#rooms.down();
    this.#typing.down();
    this.#watch.down();
    this.#outbox.down();
    this.#requests.drop();
  }

  #hear(frame: ServerFrame): void {
    switch (frame.type) {
      case "reply":
        return this.#requests.settle(frame);
      case "typing":
      case "presence":
      case "read":
        return this.#emitter.emit(frame.type, frame as never);
      case "user":
        this.#connection.renamed(frame.user);
        return this.#emitter.emit("user", frame);
      case "membership":
        if (!frame.member) this.#forget(frame.room, notMember());
        return this.#emitter.emit("membership", frame);
      default: {
        const event = asEvent(frame);
        if (event !== null) this.#rooms.receive(event);
      }
    }
  }

  #live(joined: Joined): void {
    this.#emitter.emit("resync", { room: joined.room, head: joined.head });
    this.#watch.live(joined.room);
    this.#outbox.pump(joined.room);
  }

  #lost(room: string, error: HubbubError): void {
    this.#forget(room, error);
    this.#emitter.emit("membership", { type: "membership", room, member: false });
  }

  #forget(room: string, error: HubbubError): void {
    this.#rooms.forget(room, error);
    this.#typing.forget(room);
    this.#watch.lost(room, error);
    this.#outbox.strand((other) => other === room, error);
  }

  #tellTyping(room: string, typing: boolean): boolean {
    if (!this.#rooms.isLive(room)) return false;
    this.#requests.tell({ type: "typing", room, typing });
    return true;
  }

  /** What an earlier page left for a room that is no longer ours would wait forever. */
  async #checkMembership(rooms: Set<string>): Promise<void> {
    if ([...rooms].every((room) => this.#rooms.has(room))) return;
    const mine = await this.rooms().catch(() => null);
    if (mine === null) return;
    const member = new Set(mine.map((state) => state.room));
    this.#outbox.strand(
      (room) => rooms.has(room) && !member.has(room) && !this.#rooms.has(room),
      notMember(),
    );
  }

  #changed(): void {
    const next = this.#snapshot();
    const keys = Object.keys(next) as (keyof State)[];
    if (keys.every((key) => next[key] === this.#state[key])) return;
    this.#state = next;
    this.#emitter.emit("state", next);
    if (next.phase !== "closed") return;
    this.#rooms.closed(next.error ?? disconnected());
    this.#outbox.rest();
  }

  #snapshot(): State {
    const { phase, attempt, retryAt, error, welcome, isUp, fallback } = this.#connection;
    const storage = this.#archive.kind;
    return {
      phase,
      transport: isUp ? (welcome?.transport as TransportName) : null,
      wire: isUp ? (welcome?.wire as string) : null,
      fallback: isUp ? fallback : null,
      user: welcome?.user ?? null,
      session: welcome?.session ?? null,
      attempt,
      retryAt,
      error,
      sending: this.#outbox.sending,
      ...(storage && { storage }),
    };
  }
}

/** The transports that the application allows and the platform has. */
function usable({
  WebSocket = globalThis.WebSocket,
  fetch = globalThis.fetch,
  transports,
}: Options): TransportName[] {
  return TRANSPORTS.filter((name) => {
    const has = (name === "websocket" ? WebSocket : fetch) !== undefined;
    return has && (transports ?? TRANSPORTS).includes(name);
  });
}

function dialer(options: Options, base: string, now: () => number) {
  const { WebSocket = globalThis.WebSocket, fetch = globalThis.fetch, wire = "msgpack" } = options;
  return (name: TransportName, token: string | null, handler: TransportHandler): Transport => {
    const settings = { base, token };
    if (name === "websocket") return new WebSocketTransport(settings, handler, WebSocket, wire);
    if (name === "sse") return new SseTransport(settings, handler, fetch);
    return new PollingTransport(settings, handler, fetch, now);
  };
}

function defaultStorage(base: string): OutboxStorage {
  return globalThis.indexedDB === undefined ? new MemoryStorage() : new IndexedDbStorage(`hubbub ${base}`);
}
