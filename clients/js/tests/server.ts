/** A small server in this process, in the protocol's words, that does on demand what networks and servers do. */

import { decode } from "../src/compact.js";
import { FIELD_KEYS, TYPE_KEYS } from "../src/keys.js";
import { type Packable, pack } from "../src/msgpack.js";
import type { TransportName } from "../src/transport.js";
import type { Command, ErrorBody, Event, Joined, Message, ServerFrame } from "../src/vocabulary.js";
import { stateOf } from "./log.js";

type WithRef = Command & { ref?: number | string };

/** What a server sees of a connection. */
export interface Peer {
  user: string;
  /** What it says is lost, because it is about to break. */
  mute: boolean;
  readonly joined: Set<string>;
  readonly transport: TransportName;
  readonly wire: string;
  tell(frame: ServerFrame): void;
  /** The server or the network ends it; what has not arrived never does. */
  cut(code: number, reason?: string): void;
}

/** Each way takes this long. All frames that leave in one go arrive in one go, with nothing in between. */
export const LATENCY_MS = 5;

interface Room {
  log: Event[];
  members: Set<string>;
  nonces: Map<string, Event>;
}

/** A command that makes an event of a room's log. */
type Write = Extract<Command, { nonce: string }>;

export const ERRORS: Record<string, ErrorBody> = {
  store_unavailable: { code: "store_unavailable", message: "Try again.", retryable: true },
  text_empty: { code: "text_empty", message: "A message needs some text.", retryable: false },
  unknown_room: { code: "unknown_room", message: "There is no such room.", retryable: false },
  not_joined: { code: "not_joined", message: "Join the room first.", retryable: false },
  cursor_ahead: { code: "cursor_ahead", message: "No such entry yet.", retryable: false },
  unknown_message: { code: "unknown_message", message: "There is no such message.", retryable: false },
  not_yours: { code: "not_yours", message: "It is not yours.", retryable: false },
  room_forbidden: { code: "room_forbidden", message: "You are not a member.", retryable: false },
  of_a_later_version: { code: "of_a_later_version", message: "Enough tea.", retryable: false },
  unauthenticated: { code: "unauthenticated", message: "Sign in first.", retryable: false },
};

export class Server {
  readonly rooms = new Map<string, Room>();
  readonly links: Peer[] = [];
  /** Every command that arrived, but `auth`. */
  readonly commands: Command[] = [];
  readonly tokens = new Map([
    ["ada's token", "ada"],
    ["bob's token", "bob"],
  ]);
  /** Whom the browser's cookie signs in; null: it has none. */
  cookie: string | null = null;
  heartbeatSeconds = 25;
  textBytes = 16_384;
  frameBytes = 65_536;
  reachable = true;
  /** Whether it speaks the compact wire. */
  compact = false;
  #websocket: "open" | "refused" | "swallowed" = "open";
  /** Nothing arrives any more, in either direction, and nobody says so. */
  silent = false;
  /** Live events that never reach anybody, as "room seq". */
  readonly lost = new Set<string>();
  /** How many events before `since` a replay repeats. */
  overlap = 0;
  /** How many sockets were ever opened. */
  opened = 0;
  #refusals: { type: Command["type"]; error: ErrorBody; times: number }[] = [];
  #cuts: { type: Command["type"]; when: "before" | "after" }[] = [];
  #clock = 1_000;

  /** A WebSocket class whose sockets end here. */
  get WebSocket(): typeof WebSocket {
    const server = this;
    return class extends Socket {
      constructor(url: string, protocols: string[] = []) {
        super(server, url, protocols);
      }
    } as unknown as typeof WebSocket;
  }

  /** What a proxy does to WebSockets: it refuses new ones, or opens them and lets nothing through, old ones included. */
  set websocket(mode: "open" | "refused" | "swallowed") {
    this.#websocket = mode;
    if (mode !== "swallowed") return;
    for (const link of this.links) if (link instanceof Socket) link.swallowed = true;
  }

  get websocket(): "open" | "refused" | "swallowed" {
    return this.#websocket;
  }

  room(id: string): Room {
    let room = this.rooms.get(id);
    if (room === undefined) {
      room = { log: [], members: new Set(), nonces: new Map() };
      this.rooms.set(id, room);
      this.#append(room, { type: "room_created", room: id, seq: 1, sender: "root", ts: 0 });
    }
    return room;
  }

  /** Somebody says something, over a connection that is not modelled. */
  say(id: string, text: string, sender = "eve"): Message {
    const room = this.room(id);
    const message: Message = {
      type: "message",
      room: id,
      seq: room.log.length + 1,
      sender,
      ts: ++this.#clock,
      text,
    };
    this.#append(room, message);
    return message;
  }

  /** An event of a later version, as the server passes it on. */
  later(id: string, type: string, fields: object = {}, sender = "eve"): void {
    const room = this.room(id);
    const event = { type, room: id, seq: room.log.length + 1, sender, ts: ++this.#clock, ...fields };
    this.#append(room, event as Event);
  }

  texts(id: string): string[] {
    return this.room(id).log.flatMap((event) => (event.type === "message" ? [event.text ?? ""] : []));
  }

  /** The next `times` commands of this type are answered with an error. */
  refuse(type: Command["type"], code: keyof typeof ERRORS, times = 1): void {
    this.#refusals.push({ type, error: ERRORS[code] as ErrorBody, times });
  }

  /** The connection breaks at the next command of this type: before it is carried out, or before its reply leaves. */
  cutAt(type: Command["type"], when: "before" | "after"): void {
    this.#cuts.push({ type, when });
  }

  /** End all connections. 1006: the network broke. */
  cut(code = 1006, reason = ""): void {
    for (const link of [...this.links]) link.cut(code, reason);
  }

  /** To all connections of all users. */
  broadcast(frame: ServerFrame): void {
    for (const link of this.links) link.tell(frame);
  }

  count(type: Command["type"]): number {
    return this.commands.filter((command) => command.type === type).length;
  }

  last<T extends Command["type"]>(type: T): Extract<Command, { type: T }> | undefined {
    return this.commands.filter((command) => command.type === type).at(-1) as never;
  }

  opens(link: Peer): void {
    this.links.push(link);
    if (this.cookie !== null) this.welcome(link, this.cookie);
  }

  welcome(link: Peer, user: string): void {
    link.user = user;
    link.tell({
      type: "welcome",
      user: { name: user },
      session: `${user}'s session`,
      transport: link.transport,
      wire: link.wire,
      heartbeat_seconds: this.heartbeatSeconds,
      limits: { text_bytes: this.textBytes, frame_bytes: this.frameBytes },
    });
  }

  handle(link: Peer, data: string | Uint8Array): void {
    if (data.length > this.frameBytes) return link.cut(1009, "too big");
    const command = (typeof data === "string" ? JSON.parse(data) : decode(data)) as WithRef;
    const { ref } = command;
    const fail = (error: ErrorBody): void => link.tell({ type: "reply", ref: ref ?? null, error });
    if (command.type === "auth") {
      const user = this.tokens.get(command.token);
      if (user === undefined) return fail(ERRORS["unauthenticated"] as ErrorBody);
      this.welcome(link, user);
      return link.tell({ type: "reply", ref: ref ?? "", ok: {} });
    }
    this.commands.push(command);
    const cut = this.#cuts.findIndex((one) => one.type === command.type);
    const when = cut < 0 ? null : this.#cuts.splice(cut, 1)[0]?.when;
    if (when === "before") return link.cut(1006);
    const refusal = this.#refusals.find((one) => one.type === command.type && one.times > 0);
    if (refusal !== undefined) {
      refusal.times -= 1;
      return fail(refusal.error);
    }
    try {
      if (when === "after") link.mute = true;
      const ok = this.#perform(link, command);
      if (ref !== undefined) link.tell({ type: "reply", ref, ok: ok.reply } as ServerFrame);
      ok.after?.();
      if (when === "after") link.cut(1006);
    } catch (error) {
      fail(error as ErrorBody);
    }
  }

  #perform(link: Peer, command: Command): { reply: object; after?: () => void } {
    switch (command.type) {
      case "rooms": {
        const mine = [...this.rooms].filter(([, room]) => room.members.has(link.user));
        return {
          reply: { rooms: mine.map(([room, { log }]) => ({ room, head: log.length, read: 0, unread: 0 })) },
        };
      }
      case "join":
        return this.#join(link, command.room, command.since ?? null);
      case "leave":
        this.room(command.room).members.delete(link.user);
        link.joined.delete(command.room);
        return { reply: {} };
      case "send":
      case "edit":
      case "delete":
      case "react":
      case "unreact":
      case "change_room":
        return this.#write(link, command);
      case "versions": {
        const { log } = this.room(command.room);
        const about = log.filter(
          (event) => event.seq === command.seq || ("about" in event && event.about === command.seq),
        );
        return {
          reply: {
            versions: about.flatMap((e) => ("text" in e ? [{ text: e.text ?? "", ts: e.ts }] : [])),
          },
        };
      }
      case "reactions": {
        const message = stateOf(this.room(command.room).log, link.user).get(command.seq);
        const found = message?.state?.reactions?.find(({ emoji }) => emoji === command.emoji);
        return { reply: { users: found?.users ?? [], more: false, total: found?.count ?? 0 } };
      }
      case "history": {
        const { log } = this.room(command.room);
        return { reply: { events: log.slice(-(command.limit ?? 50)), more: false, head: log.length } };
      }
      case "watch":
        if (command.room !== null && !link.joined.has(command.room)) throw ERRORS["not_joined"];
        return { reply: { room: command.room, count: 1, online: [link.user] } };
      case "read":
        return { reply: { room: command.room, read: command.seq, unread: 0 } };
      case "create_room":
        this.room(command.room).members.add(link.user);
        return { reply: { room: command.room, member: true } };
      case "directory":
        return { reply: { rooms: [...this.rooms.keys()].map((room) => ({ room })), more: false } };
      default:
        return { reply: {} };
    }
  }

  #join(link: Peer, id: string, since: number | null): { reply: Joined; after: () => void } {
    const room = this.rooms.get(id);
    if (room === undefined) throw ERRORS["unknown_room"];
    if (since !== null && since > room.log.length) throw ERRORS["cursor_ahead"];
    room.members.add(link.user);
    link.joined.add(id);
    const missed = since === null ? [] : room.log.slice(Math.max(0, since - this.overlap));
    return {
      reply: { room: id, head: room.log.length, read: 0, unread: 0 },
      after: () => {
        for (const event of missed) link.tell(event);
      },
    };
  }

  #write(link: Peer, command: Write): { reply: object; after?: () => void } {
    const { room: id, nonce } = command;
    if (!link.joined.has(id)) throw ERRORS["not_joined"];
    const room = this.room(id);
    const key = `${link.user} ${nonce}`;
    const before = room.nonces.get(key);
    if (before !== undefined) return { reply: { seq: before.seq, ts: before.ts, repeat: true } };
    if ("seq" in command) {
      const meant = room.log[command.seq - 1];
      if (meant?.type !== "message") throw ERRORS["unknown_message"];
      if (command.type === "edit" && meant.sender !== link.user) throw ERRORS["not_yours"];
    }
    const place = { room: id, seq: room.log.length + 1, sender: link.user, ts: ++this.#clock };
    const event = eventOf(command, place);
    room.nonces.set(key, event);
    return { reply: { seq: event.seq, ts: event.ts }, after: () => this.#append(room, event) };
  }

  #append(room: Room, event: Event): void {
    room.log.push(event);
    if (this.lost.has(`${event.room} ${event.seq}`)) return;
    for (const link of this.links) if (link.joined.has(event.room)) link.tell(event);
  }
}

/** A frame on the compact wire. What has no number there stands by its name, as the server writes it. */
export function packed(frame: object): Uint8Array<ArrayBuffer> {
  return pack(numbered(frame));
}

function numbered(value: unknown): Packable {
  if (Array.isArray(value)) return value.map(numbered);
  if (typeof value !== "object" || value === null) return value as Packable;
  const map = new Map<number | string, Packable>();
  const unnumbered = new Map<number | string, Packable>();
  for (const [name, item] of Object.entries(value)) {
    const key = FIELD_KEYS[name];
    if (name === "type") map.set(0, TYPE_KEYS[item] ?? item);
    else if (key !== undefined) map.set(key, numbered(item));
    else unnumbered.set(name, plain(item));
  }
  if (unnumbered.size > 0) map.set(FIELD_KEYS["unnumbered"] as number, unnumbered);
  return map;
}

function plain(value: unknown): Packable {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value as Packable;
  return new Map(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

function eventOf(command: Write, place: { room: string; seq: number; sender: string; ts: number }): Event {
  switch (command.type) {
    case "send":
      return {
        type: "message",
        ...place,
        text: command.text,
        ...(command.reply_to != null && { reply_to: command.reply_to }),
      };
    case "edit":
      return { type: "message_edited", ...place, about: command.seq, text: command.text };
    case "delete":
      return { type: "message_deleted", ...place, about: command.seq };
    case "react":
      return { type: "reaction_added", ...place, about: command.seq, emoji: command.emoji };
    case "unreact":
      return { type: "reaction_removed", ...place, about: command.seq, emoji: command.emoji };
    case "change_room":
      return { type: "room_changed", ...place, title: command.title ?? "", topic: command.topic ?? "" };
  }
}

/** Both ends of one WebSocket. */
export class Socket implements Peer {
  readonly transport = "websocket";
  readonly protocol: string;
  /** Nothing gets through, ever. */
  swallowed: boolean;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;
  user = "";
  /** What it says is lost, because it is about to break. */
  mute = false;
  readonly joined = new Set<string>();
  #out: (string | ArrayBuffer)[] = [];

  constructor(
    readonly server: Server,
    readonly url: string,
    readonly protocols: string[],
  ) {
    this.protocol = server.compact ? (protocols[0] ?? "") : "";
    this.swallowed = server.websocket === "swallowed";
    server.opened += 1;
    setTimeout(() => {
      if (server.silent) return;
      if (!server.reachable || server.websocket === "refused") return this.#closed(1006, "");
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.onopen?.();
      if (!this.swallowed) server.opens(this);
    }, LATENCY_MS);
  }

  get wire(): string {
    return this.protocol === "hubbub.v1.msgpack" ? "native.msgpack" : "native.json";
  }

  send(data: string | Uint8Array): void {
    setTimeout(() => {
      if (this.readyState === 1 && !this.swallowed && !this.server.silent) this.server.handle(this, data);
    }, LATENCY_MS);
  }

  close(code = 1005): void {
    this.#gone();
    if (!this.server.silent) setTimeout(() => this.#closed(code, ""), LATENCY_MS);
  }

  tell(frame: ServerFrame): void {
    if (this.readyState !== 1 || this.mute) return;
    if (this.#out.push(this.wire === "native.msgpack" ? packed(frame).buffer : JSON.stringify(frame)) > 1)
      return;
    setTimeout(() => {
      const frames = this.#out.splice(0);
      if (!this.server.silent && !this.swallowed) for (const data of frames) this.onmessage?.({ data });
    }, LATENCY_MS);
  }

  /** The server or the network ends it; what has not arrived never does. */
  cut(code: number, reason = ""): void {
    this.#out = [];
    this.#gone();
    this.#closed(code, reason);
  }

  /** The client's machine is gone, from one moment to the next. */
  vanish(): void {
    this.onopen = this.onmessage = this.onclose = null;
    this.#gone();
  }

  #gone(): void {
    this.readyState = 2;
    const index = this.server.links.indexOf(this);
    if (index >= 0) this.server.links.splice(index, 1);
  }

  #closed(code: number, reason: string): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}
