import { Emitter } from "./emitter.js";
import type { Events, Options, Outgoing, State } from "./types.js";
import type { DirectoryPage, EventPage, Joined, MemberPage, ReadMark, RoomEntry, RoomState, Watching } from "./vocabulary.js";

const soon = (): never => {
  throw new Error("not there yet");
};

/** One user's link to a server: connects, comes back, catches up, and sends each message exactly once. */
export class Hubbub {
  readonly #emitter = new Emitter<Events>();
  constructor(readonly options: Options = {}) {}
  get state(): State {
    return { phase: "idle", transport: null, wire: null, user: null, session: null, attempt: 0, retryAt: null, error: null, sending: 0 };
  }
  connect(): void {}
  close(): void {}
  reconnectNow(): void {}
  on<K extends keyof Events>(name: K, listener: (value: Events[K]) => void): () => void {
    return this.#emitter.on(name, listener);
  }
  async rooms(): Promise<RoomState[]> {
    return soon();
  }
  async directory(_after?: string, _limit?: number): Promise<DirectoryPage> {
    return soon();
  }
  async createRoom(_room: string, _title?: string, _topic?: string): Promise<RoomEntry> {
    return soon();
  }
  async join(_room: string, _since?: number): Promise<Joined> {
    return soon();
  }
  async leave(_room: string): Promise<void> {
    return soon();
  }
  send(_room: string, _text: string): Outgoing {
    return soon();
  }
  retry(_nonce: string): void {
    return soon();
  }
  async discard(_nonce: string): Promise<void> {
    return soon();
  }
  async outbox(): Promise<Outgoing[]> {
    return soon();
  }
  async history(_room: string, _page: { before?: number; after?: number; limit?: number } = {}): Promise<EventPage> {
    return soon();
  }
  async members(_room: string, _after?: string, _limit?: number): Promise<MemberPage> {
    return soon();
  }
  async markRead(_room: string, _seq: number): Promise<ReadMark> {
    return soon();
  }
  typing(_room: string, _typing: boolean): void {
    return soon();
  }
  async watch(_room: string | null): Promise<Watching> {
    return soon();
  }
  cursor(_room: string): number | undefined {
    return undefined;
  }
}
