/** How long an entry stays its owner's without a sign of life, where a browser has no locks. */
const LEASE_MS = 60_000;

/**
 * This page among the tabs of one browser. While it lives it holds a Web Lock of its own name, so that others notice
 * when it is gone, however it went. Without Web Locks they guess: nobody renewed an entry's time for a minute. A wrong
 * guess costs a second sending of the same nonce, which the server answers with the first message.
 */
export class Tab {
  readonly id: string;
  readonly #locks: LockManager | undefined;
  readonly #waiting = new Set<string>();
  #release = new AbortController();
  #held: Promise<void> | null = null;
  #exact: boolean;

  constructor(id: string, locks: LockManager | undefined = globalThis.navigator?.locks) {
    this.id = id;
    this.#locks = locks;
    this.#exact = locks !== undefined;
  }

  /** False: others go by the time of the last write, so entries have to be written again now and then. */
  get exact(): boolean {
    return this.#exact;
  }

  /** Begin to be seen as living; resolves when it is so. */
  hold(): Promise<void> {
    this.#held ??= new Promise<void>((resolve) => {
      if (this.#locks === undefined) return resolve();
      const released = new Promise<void>((release) => {
        this.#release.signal.addEventListener("abort", () => release());
      });
      this.#locks
        .request(lockName(this.id), () => {
          resolve();
          return released;
        })
        .catch(() => {
          this.#exact = false; // not allowed here, as in a sandboxed frame
          resolve();
        });
    });
    return this.#held;
  }

  /**
   * Call `work` when the tab `other` is gone; `before`: only what it wrote earlier than this (Unix ms) is free. Without
   * locks that is now. Resolves when the work is done, or when it turns out that the other tab is still there.
   */
  async whenGone(other: string, now: number, work: (before: number) => Promise<void>): Promise<void> {
    if (other === this.id || this.#waiting.has(other)) return;
    const locks = this.#locks;
    if (!this.#exact || locks === undefined) return work(now - LEASE_MS);
    const { signal } = this.#release;
    const always = Number.POSITIVE_INFINITY;
    this.#waiting.add(other);
    const gone = await locks.request(lockName(other), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await work(always);
      return lock !== null;
    });
    if (gone) {
      this.#waiting.delete(other);
      return;
    }
    locks
      .request(lockName(other), { signal }, () => work(always))
      .catch(() => undefined) // we are gone ourselves
      .finally(() => this.#waiting.delete(other));
  }

  /** This page sends nothing any more: others may. `hold` begins anew. */
  leave(): void {
    this.#release.abort();
    this.#release = new AbortController();
    this.#held = null;
  }
}

function lockName(id: string): string {
  return `hubbub-tab-${id}`;
}
