import { covers, type OutboxStorage, type StoredOutgoing, type TakeOver } from "./storage.js";

const STORE = "outbox";

/** An outbox that survives a reload, shared by all tabs of this origin. */
export class IndexedDbStorage implements OutboxStorage {
  readonly durable = true;
  readonly #name: string;
  readonly #factory: IDBFactory;
  #opening: Promise<IDBDatabase> | null = null;

  /** `name`: the database; clients of the same server on the same origin share it. */
  constructor(name: string, factory: IDBFactory = indexedDB) {
    this.#name = name;
    this.#factory = factory;
  }

  all(): Promise<StoredOutgoing[]> {
    return this.#run("readonly", (store) => store.getAll() as IDBRequest<StoredOutgoing[]>);
  }

  async put(entry: StoredOutgoing): Promise<void> {
    await this.#run("readwrite", (store) => store.put(entry));
  }

  async remove(nonce: string): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(nonce));
  }

  async takeOver(by: TakeOver): Promise<StoredOutgoing[]> {
    const taken: StoredOutgoing[] = [];
    await this.#run("readwrite", (store) => {
      const request = store.getAll() as IDBRequest<StoredOutgoing[]>;
      request.onsuccess = () => {
        for (const entry of request.result) {
          if (!covers(by, entry)) continue;
          const mine = { ...entry, owner: by.to, touchedAt: by.now };
          store.put(mine);
          taken.push(mine);
        }
      };
      return request;
    });
    return taken;
  }

  close(): void {
    this.#opening?.then((database) => database.close()).catch(() => undefined);
    this.#opening = null;
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = this.#factory.open(this.#name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "nonce" });
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        // A newer version of the page, or the user who deletes this site's data, must not wait for us.
        database.onversionchange = () => this.close();
        database.onclose = () => {
          this.#opening = null;
        };
        resolve(database);
      };
    });
    return this.#opening;
  }

  /** One transaction. Resolves with the request's result when all of it is stored. */
  async #run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await this.#open();
    return new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
}
