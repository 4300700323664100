import { IDBFactory } from "fake-indexeddb";
import { vi } from "vitest";
import { IndexedDbStorage } from "../src/indexeddb.js";
import type { OutboxStorage, StoredOutgoing } from "../src/storage.js";
import type { Options } from "../src/types.js";
import { textOf } from "../src/write.js";
import { Locks } from "./locks.js";
import { Page, pass } from "./page.js";
import { proxied } from "./proxy.js";
import type { Server, Socket } from "./server.js";

/** The tabs of one browser: they share IndexedDB and, in most browsers, Web Locks. */
export class Browser {
  readonly #factory = new IDBFactory();
  readonly #locks = new Locks();

  constructor(
    readonly server: Server,
    readonly withLocks = true,
  ) {}

  /** A page in a new tab, and what ends it like a crash: nobody says farewell, nothing it does has an effect any more. */
  async tab(options: Options = {}): Promise<{ page: Page; crash: () => void }> {
    const { manager, die } = this.#locks.tab();
    const tab = { alive: true };
    const sockets: Socket[] = [];
    const Real = this.server.WebSocket as unknown as new (url: string, protocols: string[]) => Socket;
    const WebSocket = class extends Real {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
        if (!tab.alive) this.vanish();
      }
    } as unknown as typeof globalThis.WebSocket;
    vi.stubGlobal("navigator", { onLine: true, ...(this.withLocks ? { locks: manager } : {}) });
    const page = new Page(this.server, {
      storage: mortal(this.#storage(), tab),
      WebSocket,
      fetch: proxied(this.server).fetch(tab),
      ...options,
    });
    vi.unstubAllGlobals();
    const crash = (): void => {
      tab.alive = false;
      proxied(this.server).vanish(tab);
      for (const socket of sockets) socket.vanish();
      die();
    };
    return { page, crash };
  }

  /** The texts in the shared storage. */
  async stored(): Promise<string[]> {
    const all = this.#storage().all();
    await pass();
    return (await all).map(textOf);
  }

  /** Change what is in the shared storage. */
  async rewrite(change: (entry: StoredOutgoing) => StoredOutgoing): Promise<void> {
    const storage = this.#storage();
    const done = storage.all().then((all) => Promise.all(all.map((entry) => storage.put(change(entry)))));
    await pass();
    await done;
  }

  #storage(): OutboxStorage {
    return new IndexedDbStorage("hubbub", this.#factory);
  }
}

/** A storage as a tab sees it: when the tab is dead, nothing that it asks for happens. */
function mortal(inner: OutboxStorage, tab: { alive: boolean }): OutboxStorage {
  const never = new Promise<never>(() => undefined);
  return {
    durable: true,
    all: () => (tab.alive ? inner.all() : never),
    put: (entry) => (tab.alive ? inner.put(entry) : never),
    remove: (nonce) => (tab.alive ? inner.remove(nonce) : never),
    takeOver: (by) => (tab.alive ? inner.takeOver(by) : never),
  };
}
