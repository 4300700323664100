import { HubbubError } from "./errors.js";
import { knownPage } from "./known.js";
import { byId } from "./requests.js";
import type {
  DirectoryPage,
  EventPage,
  Joined,
  MemberPage,
  ReadMark,
  RoomEntry,
  RoomList,
  Sent,
  User,
} from "./vocabulary.js";

/** What everybody may know of a server. `needs_setup`: it has no account yet, the first one becomes administrator. */
export interface ServerInfo {
  name: string;
  version: string;
  signup: "open" | "closed";
  needs_setup: boolean;
  limits: { text_bytes: number; frame_bytes: number };
}

export interface SignIn {
  name: string;
  password: string;
  /** Keep the session in a cookie that scripts cannot read, instead of returning its token. */
  cookie?: boolean;
  /** What this login is called in the list of devices. */
  device?: string;
  /** The `device_token` of an earlier sign-in of this name here. Browsers keep it in a cookie. */
  device_token?: string;
}

export interface SignUp extends Omit<SignIn, "device_token"> {
  /** The display name. */
  title?: string;
}

/**
 * `token`: null when a cookie keeps it. `device_token`: for the next sign-in of this name here, which then is not held
 * up by others who guess the password; null when a cookie keeps it.
 */
export interface SignedIn {
  user: User;
  session: string;
  token: string | null;
  device_token?: string | null;
}

export interface Me {
  user: User;
  session: string;
}

/** One login on one device. `current`: the one that asks. */
export interface SessionInfo {
  id: string;
  device: string;
  created_ms: number;
  seen_ms: number;
  current: boolean;
}

type Query = Record<string, string | number | undefined>;

const TIMEOUT_MS = 30_000;

/** The REST API, /api/v1. Every method rejects with `HubbubError`. */
export class Api {
  readonly #base: string;
  readonly #token: string | undefined;

  /** `base`: the server's http(s) address, default: where the page comes from. Without a `token` the cookie signs in. */
  constructor(base?: string, token?: string) {
    this.#base = apiBase(base);
    this.#token = token;
  }

  server(): Promise<ServerInfo> {
    return this.#call("GET", "server");
  }

  /** Open or close the server for new accounts. Administrators only. */
  updateServer(changes: { signup: "open" | "closed" }): Promise<ServerInfo> {
    return this.#call("PATCH", "server", changes);
  }

  signUp(account: SignUp): Promise<SignedIn> {
    return this.#call("POST", "accounts", account);
  }

  signIn(credentials: SignIn): Promise<SignedIn> {
    return this.#call("POST", "sessions", credentials);
  }

  /** End the login that this client uses. */
  signOut(): Promise<void> {
    return this.endSession("current");
  }

  /** All logins of mine, oldest first. */
  async sessions(): Promise<SessionInfo[]> {
    const found: SessionInfo[] = [];
    for (let after: string | undefined; ; after = found.at(-1)?.id) {
      const page = await this.#call<{ sessions: SessionInfo[]; more: boolean }>(
        "GET",
        `sessions${query({ after })}`,
      );
      found.push(...page.sessions);
      if (page.more !== true) return found;
    }
  }

  endSession(id: string): Promise<void> {
    return this.#call("DELETE", `sessions/${encodeURIComponent(id)}`);
  }

  me(): Promise<Me> {
    return this.#call("GET", "me");
  }

  updateMe(changes: { title?: string }): Promise<Me> {
    return this.#call("PATCH", "me", changes);
  }

  /** Ends all other logins of the user. */
  changePassword(old: string, fresh: string): Promise<void> {
    return this.#call("POST", "me/password", { old, new: fresh });
  }

  /** All the rooms that I am a member of, by id. */
  async rooms(): Promise<RoomList["rooms"]> {
    const found: RoomList["rooms"] = [];
    for (let after: string | undefined; ; after = found.at(-1)?.room) {
      const page = await this.#call<RoomList>("GET", `rooms${query({ after })}`);
      found.push(...page.rooms);
      if (page.more !== true) return byId(found);
    }
  }

  createRoom(room: string, title?: string, topic?: string): Promise<RoomEntry> {
    return this.#call("POST", "rooms", { room, title, topic });
  }

  directory(after?: string, limit?: number): Promise<DirectoryPage> {
    return this.#call("GET", `directory${query({ after, limit })}`);
  }

  /** Become a member. To receive the room's events, join it on a connection. */
  join(room: string): Promise<Joined> {
    return this.#call("POST", `${path(room)}/members`, {});
  }

  leave(room: string): Promise<void> {
    return this.#call("DELETE", `${path(room)}/members/me`);
  }

  members(room: string, after?: string, limit?: number): Promise<MemberPage> {
    return this.#call("GET", `${path(room)}/members${query({ after, limit })}`);
  }

  history(room: string, page: { before?: number; after?: number; limit?: number } = {}): Promise<EventPage> {
    return this.#call<EventPage>("GET", `${path(room)}/events${query(page)}`).then(knownPage);
  }

  /** The same nonce gives the same message however often it is sent. */
  send(room: string, text: string, nonce: string): Promise<Sent> {
    return this.#call("POST", `${path(room)}/messages`, { text, nonce });
  }

  markRead(room: string, seq: number): Promise<ReadMark> {
    return this.#call("PUT", `${path(room)}/read`, { seq });
  }

  /** Resolves with nothing where the answer has no body. */
  async #call<T = void>(method: string, where: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { accept: "application/json" };
    // The cookie counts only with this content type, which no form of another site can send.
    if (method !== "GET") headers["content-type"] = "application/json";
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    let response: Response;
    try {
      response = await fetch(`${this.#base}/${where}`, {
        method,
        headers,
        credentials: this.#token === undefined ? "same-origin" : "omit",
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new HubbubError("unreachable", "The server can't be reached right now.", true);
    }
    const { ok, status } = response;
    if (status === 204) return undefined as T;
    const answer = await response.json().catch(() => null);
    if (ok && answer !== null) return answer as T;
    if (answer?.error) throw HubbubError.of(answer.error);
    // A proxy in front of the server answered.
    throw new HubbubError("bad_response", `The server answered with status ${status}.`, ok || status >= 500);
  }
}

function apiBase(base: string | undefined): string {
  return new URL("api/v1", serverUrl(base)).href;
}

/** The server's address, ending in a slash. Throws TypeError where none is given and there is no page. */
export function serverUrl(base: string | undefined): string {
  const url = base ?? globalThis.location?.origin;
  if (url === undefined) throw new TypeError("url: which server? There is no page that tells.");
  return url.endsWith("/") ? url : `${url}/`;
}

function path(room: string): string {
  return `rooms/${encodeURIComponent(room)}`;
}

function query(values: Query): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) parts.set(name, String(value));
  return parts.size > 0 ? `?${parts}` : "";
}
