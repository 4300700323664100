/** Typed listeners. `T` maps an event's name to its value. */
export class Emitter<T> {
  readonly #listeners = new Map<keyof T, Set<(value: never) => void>>();

  /** Returns what takes the listener away again. */
  on<K extends keyof T>(name: K, listener: (value: T[K]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
    };
  }

  /** Calls every listener. One that throws keeps nobody else from hearing it; its error is reported as uncaught. */
  emit<K extends keyof T>(name: K, value: T[K]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (value: T[K]) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
