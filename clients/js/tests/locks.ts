/** The Web Locks of one browser; each tab sees them through its own manager, and loses what it holds when it dies. */

interface Held {
  tab: number;
  release: () => void;
}

interface Waiting {
  tab: number;
  grant: () => void;
}

export class Locks {
  readonly #held = new Map<string, Held>();
  readonly #queue = new Map<string, Waiting[]>();
  #tabs = 0;

  /** What `navigator.locks` is in a new tab, and how that tab dies. */
  tab(): { manager: LockManager; die: () => void } {
    this.#tabs += 1;
    const tab = this.#tabs;
    const request = (name: string, ...rest: unknown[]): Promise<unknown> => {
      const work = rest.at(-1) as (lock: object | null) => unknown;
      const options = (rest.length > 1 ? rest[0] : {}) as LockOptions;
      return this.#request(tab, name, options, work);
    };
    const die = (): void => {
      for (const [name, waiting] of this.#queue) {
        this.#queue.set(
          name,
          waiting.filter((one) => one.tab !== tab),
        );
      }
      for (const [name, held] of [...this.#held]) if (held.tab === tab) this.#free(name);
    };
    return { manager: { request } as unknown as LockManager, die };
  }

  #request(
    tab: number,
    name: string,
    options: LockOptions,
    work: (lock: object | null) => unknown,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        this.#held.set(name, { tab, release: () => undefined });
        Promise.resolve(work({ name }))
          .then(resolve, reject)
          .finally(() => {
            if (this.#held.get(name)?.tab === tab) this.#free(name);
          });
      };
      if (!this.#held.has(name)) return grant();
      if (options.ifAvailable === true) return void Promise.resolve(work(null)).then(resolve, reject);
      const waiting = { tab, grant };
      this.#queue.set(name, [...(this.#queue.get(name) ?? []), waiting]);
      options.signal?.addEventListener("abort", () => {
        this.#queue.set(
          name,
          (this.#queue.get(name) ?? []).filter((one) => one !== waiting),
        );
        reject(options.signal?.reason);
      });
    });
  }

  #free(name: string): void {
    this.#held.delete(name);
    this.#queue.get(name)?.shift()?.grant();
  }
}
