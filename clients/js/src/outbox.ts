import type { Archive } from "./archive.js";
import { Backoff } from "./backoff.js";
import { HubbubError, textTooLong } from "./errors.js";
import { byNonce } from "./memory.js";
import { Nonces } from "./nonce.js";
import type { Answer, Requests } from "./requests.js";
import type { StoredOutgoing } from "./storage.js";
import type { Tab } from "./tab.js";
import { textBytes } from "./text.js";
import type { Outgoing } from "./types.js";
import type { Event, Sent } from "./vocabulary.js";
import { commandOf, textOf, type Write, wellFormed } from "./write.js";

/** How often to look for what a tab that is gone has left, and to say that this one is not. */
const SCAN_MS = 30_000;
/** So many times the server may say that the room is not joined, before that is believed. */
const NOT_JOINED_MAX = 3;

export interface OutboxHost {
  readonly requests: Requests;
  readonly random: () => number;
  readonly now: () => number;
  isLive(room: string): boolean;
  rejoin(room: string): void;
  emit(entry: Outgoing): void;
  /** `sending` is another number now. */
  changed(): void;
  /** An answer arrived, or none will: events that waited for it may be shown. */
  answered(room: string): void;
  /** Entries of these rooms came from an earlier page. */
  restored(rooms: Set<string>): void;
}

interface Entry {
  stored: StoredOutgoing;
  status: "queued" | "sending" | "failed";
  /** In the storage; before that it is not sent. */
  saved: boolean;
  /** It may have reached the server already, and its event may come before its answer. */
  doubtful: boolean;
  notJoined: number;
}

/** Writes that are not acknowledged yet: stored first, then sent one at a time per room, in order, until they are. */
export class Outbox {
  readonly #host: OutboxHost;
  readonly #archive: Archive;
  readonly #tab: Tab;
  readonly #nonces: Nonces;
  /** By nonce: the order of writing. */
  #entries: Entry[] = [];
  #user: string | null;
  /** Per room that has to wait after a retryable error. */
  readonly #pauses = new Map<
    string,
    { backoff: Backoff; timer: ReturnType<typeof setTimeout> | undefined }
  >();
  #scanner: ReturnType<typeof setInterval> | undefined;
  #ready: Promise<void>;
  #begin!: () => void;

  constructor(host: OutboxHost, archive: Archive, tab: Tab, user: string | null) {
    this.#host = host;
    this.#archive = archive;
    this.#tab = tab;
    this.#user = user;
    this.#nonces = new Nonces(host.now);
    this.#ready = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** Entries that are on their way; failed ones are not. */
  get sending(): number {
    return this.#entries.filter((entry) => entry.status !== "failed").length;
  }

  /** Take over what an earlier page left. Does nothing before the user is known. */
  async open(): Promise<void> {
    await this.#tab.hold();
    if (this.#user === null) return;
    await this.#scan();
    this.#begin();
  }

  up(user: string): void {
    if (this.#user === null) {
      this.#user = user;
      for (const { stored } of this.#entries) {
        stored.user = user;
        void this.#archive.put(stored);
      }
    }
    this.#keepScanning();
    void this.open();
  }

  down(): void {
    for (const { timer } of this.#pauses.values()) clearTimeout(timer);
    this.#pauses.clear();
  }

  /** Nothing will be sent before the next `up`. */
  rest(): void {
    clearInterval(this.#scanner);
    this.#scanner = undefined;
  }

  close(): void {
    this.rest();
    this.#begin();
    this.#tab.leave();
    this.#archive.close();
  }

  add(room: string, write: Write): Outgoing {
    const now = this.#host.now();
    const stored: StoredOutgoing = {
      ...wellFormed(write),
      nonce: this.#nonces.next(),
      room,
      createdAt: now,
      user: this.#user,
      owner: this.#tab.id,
      touchedAt: now,
      failed: null,
    };
    const entry: Entry = { stored, status: "queued", saved: false, doubtful: false, notJoined: 0 };
    this.#keepScanning();
    this.#insert(entry);
    void this.#save(entry);
    return view(entry);
  }

  retry(nonce: string): void {
    const entry = this.#find(nonce);
    if (entry === undefined || entry.status !== "failed") return;
    entry.stored.failed = null;
    entry.notJoined = 0;
    this.#become(entry, "queued");
    void this.#save(entry);
  }

  async discard(nonce: string): Promise<void> {
    const entry = this.#find(nonce);
    if (entry !== undefined) this.#drop(entry);
    await this.#archive.remove(nonce);
  }

  async list(): Promise<Outgoing[]> {
    await this.#ready;
    return this.#entries.map(view);
  }

  /** Send what is next in this room, if anything is and nothing is under way. */
  pump(room: string): void {
    if (!this.#host.isLive(room) || this.#pauses.get(room)?.timer !== undefined) return;
    const entry = this.#entries.find((entry) => entry.stored.room === room && entry.status !== "failed");
    if (entry === undefined || entry.status === "sending" || !entry.saved) return;
    const { stored } = entry;
    const limit = this.#host.requests.limits?.text_bytes ?? Number.POSITIVE_INFINITY;
    if (textBytes(textOf(stored)) > limit) return this.#fail(entry, textTooLong());
    this.#become(entry, "sending");
    const command = commandOf(stored, room, stored.nonce);
    this.#host.requests.call(command, (answer) => this.#answered(entry, answer));
  }

  /** Nothing can be sent to these rooms any more: their entries fail. */
  strand(isStranded: (room: string) => boolean, error: HubbubError): void {
    for (const entry of [...this.#entries]) {
      if (entry.status !== "failed" && isStranded(entry.stored.room)) this.#fail(entry, error);
    }
  }

  /** Whether this may be the event of an entry whose answer is about to come. */
  awaits(event: Event): boolean {
    if (event.type !== "message" || event.sender !== this.#user) return false;
    return this.#entries.some(
      ({ doubtful, stored }) =>
        doubtful &&
        stored.type === "send" &&
        stored.room === event.room &&
        stored.text === (event.text ?? ""),
    );
  }

  #answered(entry: Entry, answer: Answer<Sent>): void {
    const { room } = entry.stored;
    if (!this.#entries.includes(entry)) return this.pump(room); // discarded meanwhile
    if ("ok" in answer) return this.#sent(entry, answer.ok);
    const { error } = answer;
    if (error.code === "disconnected") {
      entry.doubtful = true;
      this.#become(entry, "queued");
      return;
    }
    const astray = error.code === "not_joined" && ++entry.notJoined < NOT_JOINED_MAX;
    if (astray || error.retryable || error.code === "unauthenticated") {
      // It may take long now, and events do not wait for it.
      for (const other of this.#entries) if (other.stored.room === room) other.doubtful = false;
      this.#become(entry, "queued");
      this.#host.answered(room);
      if (astray) this.#host.rejoin(room);
      else this.#pause(room, error.retryAfterMs);
    } else {
      this.#fail(entry, error);
    }
  }

  #sent(entry: Entry, { seq, ts }: Sent): void {
    const { room, nonce } = entry.stored;
    this.#pauses.delete(room);
    this.#entries = this.#entries.filter((other) => other !== entry);
    void this.#archive.remove(nonce);
    this.#host.emit({ ...view(entry), status: "sent", seq, ts });
    this.#host.changed();
    this.#host.answered(room);
    this.pump(room);
  }

  #fail(entry: Entry, error: HubbubError): void {
    const { code, message, retryable } = error;
    entry.stored.failed = { code, message, retryable };
    entry.doubtful = false;
    this.#become(entry, "failed");
    void this.#save(entry);
    this.#host.answered(entry.stored.room);
  }

  #pause(room: string, atLeastMs: number): void {
    const pause = this.#pauses.get(room) ?? { backoff: new Backoff(this.#host.random), timer: undefined };
    this.#pauses.set(room, pause);
    pause.timer = setTimeout(
      () => {
        pause.timer = undefined;
        this.pump(room);
      },
      Math.max(pause.backoff.next(), atLeastMs),
    );
  }

  #become(entry: Entry, status: Entry["status"]): void {
    entry.status = status;
    this.#host.emit(view(entry));
    this.#host.changed();
  }

  #insert(entry: Entry): void {
    this.#entries = [...this.#entries, entry].sort((a, b) => byNonce(a.stored, b.stored));
    this.#host.emit(view(entry));
    this.#host.changed();
  }

  #drop(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#host.changed();
    this.#host.answered(entry.stored.room);
    if (entry.status !== "sending") this.pump(entry.stored.room);
  }

  async #save(entry: Entry): Promise<void> {
    await this.#tab.hold();
    if (!this.#entries.includes(entry)) return;
    entry.stored.touchedAt = this.#host.now();
    await this.#archive.put(entry.stored);
    entry.saved = true;
    this.pump(entry.stored.room);
  }

  #keepScanning(): void {
    this.#scanner ??= setInterval(() => void this.#scan(), SCAN_MS);
  }

  async #scan(): Promise<void> {
    if (!this.#tab.exact) for (const entry of this.#entries) void this.#save(entry);
    const user = this.#user;
    const found = await this.#archive.all();
    if (user === null) return;
    const owners = new Set(
      found.filter((stored) => stored.user === null || stored.user === user).map((s) => s.owner),
    );
    await Promise.all(
      [...owners].map((owner) =>
        this.#tab.whenGone(owner, this.#host.now(), async (before) => {
          const now = this.#host.now();
          this.#restore(await this.#archive.takeOver({ from: owner, to: this.#tab.id, user, before, now }));
        }),
      ),
    );
  }

  #restore(taken: StoredOutgoing[]): void {
    for (const found of taken) {
      const stored = { ...found, type: found.type ?? "send" } as StoredOutgoing;
      if (this.#find(stored.nonce) !== undefined) continue;
      if (stored.user === null) {
        stored.user = this.#user;
        stored.failed ??= {
          code: "unauthenticated",
          message: "Written while nobody was signed in.",
          retryable: false,
        };
      }
      const status = stored.failed === null ? "queued" : "failed";
      this.#insert({ stored, status, saved: true, doubtful: status === "queued", notJoined: 0 });
    }
    const rooms = new Set(taken.map((stored) => stored.room));
    for (const room of rooms) this.pump(room);
    if (rooms.size > 0) this.#host.restored(rooms);
  }

  #find(nonce: string): Entry | undefined {
    return this.#entries.find((entry) => entry.stored.nonce === nonce);
  }
}

function view({ stored, status }: Entry): Outgoing {
  const { user, owner, touchedAt, failed, ...write } = stored;
  const entry = { ...write, status };
  return failed === null ? entry : { ...entry, error: HubbubError.of(failed) };
}
