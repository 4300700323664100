import { MemoryStorage } from "./memory.js";
import type { OutboxStorage, StoredOutgoing, TakeOver } from "./storage.js";

/** A storage that takes longer is taken for broken: some browsers' IndexedDB never answers. */
const TIMEOUT_MS = 3_000;

/** The outbox's storage, or memory as soon as that fails (a private window, a full disk). Nothing here rejects. */
export class Archive {
  readonly #first: OutboxStorage;
  readonly #changed: () => void;
  #storage: OutboxStorage;
  #kind: "durable" | "memory" | undefined;
  /** Writes happen one after another, in the order in which they were asked for. */
  #last: Promise<unknown> = Promise.resolve();

  /** `changed`: `kind` is another one now. */
  constructor(storage: OutboxStorage, changed: () => void) {
    this.#first = storage;
    this.#storage = storage;
    this.#changed = changed;
  }

  /** Undefined until the first answer. */
  get kind(): "durable" | "memory" | undefined {
    return this.#kind;
  }

  all(): Promise<StoredOutgoing[]> {
    return this.#try((storage) => storage.all());
  }

  put(entry: StoredOutgoing): Promise<void> {
    return this.#try((storage) => storage.put(entry));
  }

  takeOver(by: TakeOver): Promise<StoredOutgoing[]> {
    return this.#try((storage) => storage.takeOver(by));
  }

  async remove(nonce: string): Promise<void> {
    const given = this.#storage;
    await this.#try((storage) => storage.remove(nonce));
    // It may have been stored before the storage failed; if this fails as well, a reload sends its nonce once more.
    if (given !== this.#first || this.#storage !== given)
      await this.#first.remove(nonce).catch(() => undefined);
  }

  close(): void {
    void this.#last.then(() => this.#first.close?.());
  }

  #try<T>(work: (storage: OutboxStorage) => Promise<T>): Promise<T> {
    const done = this.#last.then(async () => {
      const storage = this.#storage;
      try {
        const result = await within(TIMEOUT_MS, work(storage));
        this.#note(storage.durable ? "durable" : "memory");
        return result;
      } catch {
        this.#storage = new MemoryStorage();
        this.#note("memory");
        return work(this.#storage);
      }
    });
    this.#last = done;
    return done;
  }

  #note(kind: "durable" | "memory"): void {
    if (kind === this.#kind) return;
    this.#kind = kind;
    this.#changed();
  }
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the storage does not answer")), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
