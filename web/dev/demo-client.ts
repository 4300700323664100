/**
 * An imitation of the SDK without a server, for work on how the app looks. `?stage=setup|signed-out` shows the forms,
 * `?state=offline|reconnecting` the state line, `?many=5000` a long conversation. Never part of a build.
 */

import { foldEvents } from "../../clients/js/src/fold";
import type {
  DirectoryPage,
  Event,
  EventPage,
  Joined,
  MemberPage,
  Message,
  ReactionPage,
  ReadMark,
  RoomEntry,
  RoomState,
  User,
  Versions,
  Watching,
} from "../../clients/js/src/vocabulary";
import type { Write } from "../../clients/js/src/write";
import { PEOPLE, ROOMS, talkOf } from "./demo-script";

export { foldChanges, foldEvents, foldMessage, foldRoom } from "../../clients/js/src/fold";
export type * from "../../clients/js/src/vocabulary";

const query = new URLSearchParams(location.search);
const ME: User = { name: "ada", title: "Ada Okafor", admin: true };
const now = Date.now();

export class HubbubError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryable = false,
  ) {
    super(message);
  }
}

export type Outgoing = Write & {
  nonce: string;
  room: string;
  createdAt: number;
  status: "queued" | "sending" | "sent" | "failed";
  seq?: number;
  ts?: number;
  error?: HubbubError;
};

/** The own fields of the event that a write becomes. */
const EVENTS = {
  send: "message",
  edit: "message_edited",
  delete: "message_deleted",
  react: "reaction_added",
  unreact: "reaction_removed",
  change_room: "room_changed",
} as const;

const pause = (ms = 250): Promise<void> => new Promise((done) => setTimeout(done, ms));

export class Api {
  async server() {
    await pause(50);
    return {
      name: "Hubbub",
      version: "0.1.0",
      signup: "open" as const,
      needs_setup: query.get("stage") === "setup",
      limits: { text_bytes: 16384, frame_bytes: 65536 },
    };
  }
  async me() {
    if (query.get("stage") === "signed-out") throw new HubbubError("unauthenticated", "Sign in first.");
    return { user: ME, session: "1" };
  }
  async signIn(given: { password: string }) {
    await pause();
    if (given.password === "wrong") {
      throw new HubbubError("wrong_credentials", "The name or the password is wrong.");
    }
    return { user: ME, session: "1", token: null };
  }
  async signUp(given: { password: string }) {
    return this.signIn(given);
  }
  async signOut() {}
  async sessions() {
    await pause();
    return [
      { id: "1", device: "Firefox on Linux", created_ms: now - 9e8, seen_ms: now, current: true },
      { id: "2", device: "Safari on iOS", created_ms: now - 9e8, seen_ms: now - 5_400_000, current: false },
    ];
  }
  async changePassword(old: string) {
    await pause();
    if (old === "wrong") throw new HubbubError("wrong_credentials", "The name or the password is wrong.");
  }
  async endSession(_id: string) {}
  async updateMe({ title = "" }: { title?: string }) {
    return { user: { ...ME, title }, session: "1" };
  }
  async updateServer({ signup }: { signup: "open" | "closed" }) {
    return { ...(await this.server()), signup };
  }
}

type Listener = (value: never) => void;

export class Hubbub {
  state = {
    phase: "idle",
    transport: null as "websocket" | null,
    wire: null,
    fallback: null,
    user: ME,
    session: "1",
    attempt: 0,
    retryAt: null as number | null,
    error: null,
    sending: 0,
  };
  #listeners = new Map<string, Set<Listener>>();
  #logs = new Map<string, Event[]>();
  #outbox = new Map<string, Outgoing>();

  on(name: string, listener: Listener): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    all.add(listener);
    this.#listeners.set(name, all);
    return () => all.delete(listener);
  }
  #emit(name: string, value: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as (v: unknown) => void)(value);
  }
  #phase(changes: Partial<Hubbub["state"]>): void {
    this.state = { ...this.state, ...changes };
    this.#emit("state", this.state);
  }
  connect(): void {
    this.#phase({ phase: "connecting" });
    setTimeout(() => this.#phase({ phase: "connected", transport: "websocket" }), 300);
    if (query.has("state")) setTimeout(() => this.#break(), 2000);
    setTimeout(() => this.#emit("typing", { type: "typing", room: "release", user: "mei" }), 2500);
  }
  #break(): void {
    const offline = query.get("state") === "offline";
    this.#phase({ phase: offline ? "offline" : "reconnecting", retryAt: offline ? null : Date.now() + 8000 });
    for (const status of ["queued", "failed"] as const) {
      const entry: Outgoing = {
        type: "send",
        nonce: status,
        room: "release",
        text: `This one is ${status}.`,
        createdAt: Date.now(),
        status,
      };
      if (status === "failed") entry.error = new HubbubError("text_too_long", "The text is too long.");
      this.#emit("outbox", entry);
    }
  }
  close(): void {}
  reconnectNow(): void {
    this.#phase({ phase: "connected", transport: "websocket" });
  }
  #log(room: string): Event[] {
    const known = this.#logs.get(room) ?? talkOf(room, now, Number(query.get("many") ?? 0));
    this.#logs.set(room, known);
    return known;
  }
  async rooms(): Promise<RoomState[]> {
    await pause(400);
    return ROOMS.filter((entry) => entry.member && !query.has("empty")).map((entry) => {
      const head = this.#log(entry.room).length;
      const state = { room: entry.room, head, read: head - entry.unread, unread: entry.unread };
      return {
        ...state,
        title: entry.title ?? "",
        topic: entry.topic ?? "",
        last_ts: now - entry.ago * 60_000,
      };
    });
  }
  async directory(): Promise<DirectoryPage> {
    await pause();
    return { rooms: [...ROOMS], more: false };
  }
  async createRoom(room: string, title = "", topic = ""): Promise<RoomEntry> {
    if (ROOMS.some((entry) => entry.room === room))
      throw new HubbubError("room_exists", "A room of this name exists.");
    this.#logs.set(room, [
      { type: "room_created", room, seq: 1, sender: "ada", ts: Date.now(), title, topic },
    ]);
    return { room, title, topic, members: 1, member: true };
  }
  async join(room: string): Promise<Joined> {
    const head = this.#log(room).length;
    const entry = ROOMS.find((one) => one.room === room);
    const unread = entry?.unread ?? 0;
    return {
      room,
      head,
      read: head - unread,
      unread,
      title: entry?.title ?? room,
      topic: entry?.topic ?? "",
    };
  }
  async leave(): Promise<void> {}
  send(room: string, text: string, { replyTo }: { replyTo?: number } = {}): Outgoing {
    return this.#write(room, { type: "send", text, ...(replyTo !== undefined && { replyTo }) });
  }
  edit(room: string, seq: number, text: string): Outgoing {
    return this.#write(room, { type: "edit", about: seq, text });
  }
  delete(room: string, seq: number): Outgoing {
    return this.#write(room, { type: "delete", about: seq });
  }
  react(room: string, seq: number, emoji: string): Outgoing {
    return this.#write(room, { type: "react", about: seq, emoji });
  }
  unreact(room: string, seq: number, emoji: string): Outgoing {
    return this.#write(room, { type: "unreact", about: seq, emoji });
  }
  changeRoom(room: string, changes: { title?: string; topic?: string }): Outgoing {
    return this.#write(room, { type: "change_room", ...changes });
  }
  #write(room: string, write: Write): Outgoing {
    const entry: Outgoing = {
      ...write,
      nonce: crypto.randomUUID(),
      room,
      createdAt: Date.now(),
      status: "sending",
    };
    this.#outbox.set(entry.nonce, entry);
    this.#emit("outbox", entry);
    setTimeout(() => {
      if (query.has("refuse") && write.type !== "send") {
        const error = new HubbubError("store_unavailable", "The server can't store anything right now.");
        return this.#emit("outbox", { ...entry, status: "failed", error });
      }
      const log = this.#log(room);
      const { type, replyTo, ...fields } = write as { type: Write["type"]; replyTo?: number };
      const event = {
        type: EVENTS[type],
        room,
        seq: log.length + 1,
        sender: ME.name,
        ts: Date.now(),
        ...fields,
        ...(replyTo !== undefined && { reply_to: replyTo }),
      } as Event;
      log.push(event);
      this.#emit("outbox", { ...entry, status: "sent", seq: event.seq });
      this.#emit("event", event);
    }, 600);
    return entry;
  }
  cursor(room: string): number {
    return this.#log(room).length;
  }
  async versions(room: string, seq: number): Promise<Versions> {
    await pause();
    const about = this.#log(room).filter((e) => e.seq === seq || ("about" in e && e.about === seq));
    return { versions: about.flatMap((e) => ("text" in e ? [{ text: e.text ?? "", ts: e.ts }] : [])) };
  }
  async reactions(room: string, seq: number, emoji: string): Promise<ReactionPage> {
    await pause();
    const message = foldEvents([], this.#log(room), ME.name)[seq - 1] as Message;
    const found = message.state?.reactions?.find((one) => one.emoji === emoji);
    return { users: found?.users ?? [], more: false, total: found?.count ?? 0 };
  }
  retry(): void {}
  async discard(): Promise<void> {}
  async outbox(): Promise<Outgoing[]> {
    return [];
  }
  async history(room: string, o: { before?: number; limit?: number } = {}): Promise<EventPage> {
    await pause();
    const log = foldEvents([], this.#log(room), ME.name);
    const all = log.filter((event) => o.before === undefined || event.seq < o.before);
    const events = all.slice(-(o.limit ?? 50));
    return { events, more: events.length < all.length, head: log.length };
  }
  async members(): Promise<MemberPage> {
    await pause();
    return { members: [...PEOPLE], more: false, total: PEOPLE.length };
  }
  async markRead(room: string, seq: number): Promise<ReadMark> {
    return { room, read: seq, unread: 0 };
  }
  typing(): void {}
  async watch(room: string | null): Promise<Watching> {
    const online = PEOPLE.filter((person) => person.online).map((person) => person.name);
    this.#emit("watching", { room, count: online.length, online });
    return { room, count: online.length, online };
  }
}
