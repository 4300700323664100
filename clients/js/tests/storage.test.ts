import { IDBFactory } from "fake-indexeddb";
import { describe, expect, test } from "vitest";
import { IndexedDbStorage } from "../src/indexeddb.js";
import { MemoryStorage } from "../src/memory.js";
import type { OutboxStorage, Stored, StoredOutgoing } from "../src/storage.js";

function entry(nonce: string, changes: Partial<Stored> = {}): StoredOutgoing {
  return {
    type: "send",
    nonce,
    room: "general",
    text: nonce,
    createdAt: 1,
    user: "ada",
    owner: "one",
    touchedAt: 10,
    failed: null,
    ...changes,
  };
}

const always = Number.POSITIVE_INFINITY;

/** What `OutboxStorage` promises. */
describe.each<[string, () => OutboxStorage]>([
  ["memory", () => new MemoryStorage()],
  ["IndexedDB", () => new IndexedDbStorage("hubbub", new IDBFactory())],
])("%s", (_, make) => {
  test("gives what was put, by nonce", async () => {
    const storage = make();
    const failed = { code: "text_empty", message: "No text.", retryable: false };
    await storage.put(entry("b"));
    await storage.put(entry("a", { failed }));
    expect(await storage.all()).toEqual([entry("a", { failed }), entry("b")]);
  });

  test("keeps a copy", async () => {
    const storage = make();
    const mine = entry("a");
    await storage.put(mine);
    mine.owner = "changed";
    const [got] = await storage.all();
    expect(got?.owner).toBe("one");
    if (got !== undefined) got.owner = "changed";
    expect((await storage.all())[0]?.owner).toBe("one");
  });

  test("replaces and removes", async () => {
    const storage = make();
    await storage.put(entry("a"));
    await storage.put(entry("b"));
    await storage.put(entry("a", { touchedAt: 20 }));
    await storage.remove("b");
    await storage.remove("never there");
    expect(await storage.all()).toEqual([entry("a", { touchedAt: 20 })]);
  });

  test("hands over what one owner left, of this user, not touched since", async () => {
    const storage = make();
    await storage.put(entry("a"));
    await storage.put(entry("b", { user: null }));
    await storage.put(entry("c", { user: "bob" }));
    await storage.put(entry("d", { owner: "other" }));
    await storage.put(entry("e", { touchedAt: 50 }));
    const by = { from: "one", to: "two", user: "ada", before: 50, now: 100 };
    const taken = [
      entry("a", { owner: "two", touchedAt: 100 }),
      entry("b", { owner: "two", touchedAt: 100, user: null }),
    ];
    expect(await storage.takeOver(by)).toEqual(taken);
    expect((await storage.all()).slice(0, 2)).toEqual(taken);
    expect((await storage.all()).map((one) => one.owner)).toEqual(["two", "two", "one", "other", "one"]);
  });

  test("of two who ask for the same, one gets it", async () => {
    const storage = make();
    await storage.put(entry("a"));
    const by = { from: "one", user: "ada", before: always, now: 100 };
    const [x, y] = await Promise.all([
      storage.takeOver({ ...by, to: "x" }),
      storage.takeOver({ ...by, to: "y" }),
    ]);
    expect([...x, ...y].map((one) => one.owner)).toEqual(["x"]);
  });
});

describe("IndexedDB", () => {
  test("survives the page", async () => {
    const factory = new IDBFactory();
    const first = new IndexedDbStorage("hubbub", factory);
    await first.put(entry("a"));
    first.close();
    expect(await new IndexedDbStorage("hubbub", factory).all()).toEqual([entry("a")]);
    expect(await new IndexedDbStorage("another server", factory).all()).toEqual([]);
  });

  test("opens again after close", async () => {
    const storage = new IndexedDbStorage("hubbub", new IDBFactory());
    await storage.put(entry("a"));
    storage.close();
    expect(await storage.all()).toEqual([entry("a")]);
  });

  test("does not stand in the way of deleting it", async () => {
    const factory = new IDBFactory();
    const storage = new IndexedDbStorage("hubbub", factory);
    await storage.put(entry("a"));
    await new Promise((resolve, reject) => {
      const request = factory.deleteDatabase("hubbub");
      request.onsuccess = resolve;
      request.onerror = reject;
      request.onblocked = () => reject(new Error("blocked"));
    });
    expect(await storage.all()).toEqual([]);
  });

  test("rejects when it can't be opened", async () => {
    const factory = {
      open: () => {
        throw new DOMException("denied", "SecurityError");
      },
    };
    const storage = new IndexedDbStorage("hubbub", factory as unknown as IDBFactory);
    await expect(storage.put(entry("a"))).rejects.toMatchObject({ name: "SecurityError" });
  });
});
