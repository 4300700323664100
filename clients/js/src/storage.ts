import type { ErrorBody } from "./vocabulary.js";
import type { Write } from "./write.js";

/** An outbox entry at rest. All fields are plain values, as IndexedDB stores them. */
export type StoredOutgoing = Write & Stored;

/** What is the same for all entries. Of version 0.1 there may be some without `type`: messages. */
export interface Stored {
  /** The key. Ascending in the order of writing. */
  nonce: string;
  room: string;
  /** Unix ms. */
  createdAt: number;
  /** The name of who wrote it; null: written before the first connection told. */
  user: string | null;
  /** The tab that sends it. */
  owner: string;
  /** Unix ms at which `owner` last wrote it. */
  touchedAt: number;
  /** Why the server refused it; null: it is still to be sent. */
  failed: ErrorBody | null;
}

/**
 * Where unsent messages survive. Every method may reject; the outbox then goes on in memory.
 *
 * A storage may be shared by several tabs, each of which writes only entries that it owns.
 */
export interface OutboxStorage {
  /** Whether entries survive a reload. */
  readonly durable: boolean;
  /** All entries, of all owners, by nonce. */
  all(): Promise<StoredOutgoing[]>;
  /** Add or replace. Resolves when it is stored. */
  put(entry: StoredOutgoing): Promise<void>;
  remove(nonce: string): Promise<void>;
  /**
   * Make `to` the owner of every entry of `from` that this user wrote and nobody touched since `before`; returns
   * those, by nonce. Atomic: of two tabs that ask for the same entry, one gets it.
   */
  takeOver(by: TakeOver): Promise<StoredOutgoing[]>;
  /** Release what it holds; no call follows. */
  close?(): void;
}

/** One tab taking over what another one left. `before`, `now`: Unix ms. Entries without a user count as anybody's. */
export interface TakeOver {
  from: string;
  to: string;
  user: string;
  before: number;
  now: number;
}

export function covers(by: TakeOver, entry: StoredOutgoing): boolean {
  return (
    entry.owner === by.from && (entry.user === null || entry.user === by.user) && entry.touchedAt < by.before
  );
}
