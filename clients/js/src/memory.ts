import { covers, type OutboxStorage, type StoredOutgoing, type TakeOver } from "./storage.js";

/** An outbox for as long as the page lives. */
export class MemoryStorage implements OutboxStorage {
  readonly durable = false;
  readonly #entries = new Map<string, StoredOutgoing>();

  async all(): Promise<StoredOutgoing[]> {
    return [...this.#entries.values()].sort(byNonce).map((entry) => ({ ...entry }));
  }

  async put(entry: StoredOutgoing): Promise<void> {
    this.#entries.set(entry.nonce, { ...entry });
  }

  async remove(nonce: string): Promise<void> {
    this.#entries.delete(nonce);
  }

  async takeOver(by: TakeOver): Promise<StoredOutgoing[]> {
    const taken = [...this.#entries.values()].filter((entry) => covers(by, entry)).sort(byNonce);
    for (const entry of taken) Object.assign(entry, { owner: by.to, touchedAt: by.now });
    return taken.map((entry) => ({ ...entry }));
  }
}

/** For sorting: the order of writing. */
export function byNonce(a: { nonce: string }, b: { nonce: string }): number {
  return a.nonce < b.nonce ? -1 : a.nonce > b.nonce ? 1 : 0;
}
