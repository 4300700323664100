/** What an application sees of the client, besides the vocabulary of the protocol. */

import type { HubbubError } from "./errors.js";
import type { Fallback } from "./ladder.js";
import type { OutboxStorage } from "./storage.js";
import type { TransportName } from "./transport.js";
import type {
  Event,
  Membership,
  Presence,
  ProfileChanged,
  ReadChanged,
  TypingChanged,
  User,
  Watching,
} from "./vocabulary.js";
import type { Write } from "./write.js";

/**
 * - `idle`: `connect` has not been called.
 * - `connecting`: the first attempt is under way.
 * - `reconnecting`: the connection broke or an attempt failed; the next one is at `State.retryAt`, or under way.
 * - `offline`: as `reconnecting`, and the browser says that there is no network.
 * - `closed`: by `close`, or because coming back would be useless (`State.error` says why). Only `connect` or
 *   `reconnectNow` leads out of it.
 */
export type Phase = "idle" | "connecting" | "connected" | "reconnecting" | "offline" | "closed";

/** A snapshot; each change makes a new one. */
export interface State {
  readonly phase: Phase;
  /** How this connection is made, as the server sees it; null while there is none. */
  readonly transport: TransportName | null;
  /** "native.msgpack" or "native.json", as the server sees it. */
  readonly wire: string | null;
  /** Why it is not made by a better transport. Null: there is none better, or no connection. */
  readonly fallback: Fallback | null;
  /** As whom the client acts. Kept while it reconnects. */
  readonly user: User | null;
  readonly session: string | null;
  /** How many attempts failed since the last stable connection. */
  readonly attempt: number;
  /** Unix ms of the next attempt; null: none is waiting. */
  readonly retryAt: number | null;
  /** Why there is no connection; null while there is one. */
  readonly error: HubbubError | null;
  /** Outbox entries not yet acknowledged; failed ones do not count. */
  readonly sending: number;
  /** Whether the outbox survives a reload. Absent until the storage has been opened. */
  readonly storage?: "durable" | "memory";
}

export interface Options {
  /** The server's http(s) address; default: where the page comes from. */
  url?: string;
  /** A session's token. Without one the browser's cookie signs the connection in. Asked anew for every attempt. */
  token?: string | (() => string | null | Promise<string | null>);
  /**
   * The user's name, when the application knows it already: the outbox of an earlier visit can then be shown before
   * there is a connection. A client belongs to one user; it never sends what another one wrote.
   */
  user?: string;
  /** Default: IndexedDB where there is one, otherwise memory. */
  storage?: OutboxStorage;
  WebSocket?: typeof WebSocket;
  fetch?: typeof fetch;
  /** Which may be used; default: all. They are tried in this order: `websocket`, `sse`, `polling`. */
  transports?: readonly TransportName[];
  /** `json` is for looking at it in a browser's tools. Default: the compact `msgpack` where the server speaks it. */
  wire?: "msgpack" | "json";
  /** In [0, 1); spreads the reconnects. */
  random?: () => number;
  /** Unix ms. */
  now?: () => number;
}

/** A write on its way. A snapshot; each change makes a new one. */
export type Outgoing = Write & Delivery;

/** How far a write has come. */
export interface Delivery {
  readonly nonce: string;
  readonly room: string;
  /** Unix ms on this machine. */
  readonly createdAt: number;
  readonly status: "queued" | "sending" | "sent" | "failed";
  /** With `sent`: its place in the room's log. */
  readonly seq?: number;
  /** With `sent`: Unix ms on the server. */
  readonly ts?: number;
  /** With `failed`: why. */
  readonly error?: HubbubError;
}

export interface Events {
  state: State;
  /**
   * Durable. Each `seq` exactly once per room, in order, without holes from the first one on. What a later version has
   * added is of the type `unknown`.
   */
  event: Event;
  typing: TypingChanged;
  presence: Presence;
  read: ReadChanged;
  membership: Membership;
  /** A user has another display name: somebody in a joined room, or myself, on another device. */
  user: ProfileChanged;
  /** Each change of status. `sent` comes before the event. */
  outbox: Outgoing;
  /** The answer to each `watch`, those that the client repeated after a reconnect included: who is online now. */
  watching: Watching;
  /** A room is joined (again). What was missed up to `head` follows, then live events. */
  resync: { room: string; head: number };
  /** The room's log is not the one that the cursor was of (a restored server). Forget what you have of it. */
  reset: { room: string };
}
