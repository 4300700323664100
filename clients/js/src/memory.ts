import type { OutboxStorage, StoredOutgoing } from "./storage.js";

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

  async takeOver(from: string, to: string, before: number, now: number): Promise<StoredOutgoing[]> {
    const taken = (await this.all()).filter((entry) => entry.owner === from && entry.touchedAt < before);
    for (const entry of taken) {
      entry.owner = to;
      entry.touchedAt = now;
      this.#entries.set(entry.nonce, { ...entry });
    }
    return taken;
  }
}

export function byNonce(a: StoredOutgoing, b: StoredOutgoing): number {
  return a.nonce < b.nonce ? -1 : a.nonce > b.nonce ? 1 : 0;
}
