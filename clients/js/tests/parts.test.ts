import { expect, test, vi } from "vitest";
import { Backoff } from "../src/backoff.js";
import { comesBack } from "../src/connection.js";
import { Cursor } from "../src/cursor.js";
import { Emitter } from "../src/emitter.js";
import { Nonces } from "../src/nonce.js";

test("backoff: full jitter below a ceiling that doubles up to 30 seconds", () => {
  const highest = new Backoff(() => 1);
  expect(Array.from({ length: 9 }, () => highest.next())).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
  highest.reset();
  expect(highest.next()).toBe(500);
  expect(new Backoff(() => 0).next()).toBe(0);
  expect(new Backoff(() => 0.5).next()).toBe(250);
});

test("close codes of the protocol: who comes back", () => {
  expect([1001, 1006, 1011, 1012, 1013, 1014, 4000, 4001, 4002, 4499].every(comesBack)).toBe(true);
  expect([1002, 1003, 1007, 1008, 1009, 4500, 4501, 4999].some(comesBack)).toBe(false);
});

test("a cursor tells what is next, a repeat, a hole", () => {
  const cursor = new Cursor(41);
  expect([40, 41, 42, 43].map((seq) => cursor.judge(seq))).toEqual(["repeat", "repeat", "next", "hole"]);
  expect(new Cursor(0).judge(1)).toBe("next");
  expect(new Cursor(undefined).judge(1)).toBe("repeat");
});

test("nonces: 26 digits, never twice, ascending even when the clock is not", () => {
  const times = [5_000, 5_000, 4_000, 5_001, 1_790_000_000_000];
  const nonces = new Nonces(() => times.shift() ?? 0);
  const made = Array.from({ length: 6 }, () => nonces.next());
  for (const nonce of made) expect(nonce).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(made).toEqual([...made].sort());
  expect(new Set(made).size).toBe(6);
  const other = new Nonces(() => 5_000).next();
  expect(other.slice(0, 10)).toBe(made[0]?.slice(0, 10));
  expect(other).not.toBe(made[0]);
});

test("a listener that throws keeps nobody else from hearing", () => {
  const thrown: (() => void)[] = [];
  vi.stubGlobal("queueMicrotask", (task: () => void) => thrown.push(task));
  const emitter = new Emitter<{ word: string }>();
  const heard: string[] = [];
  emitter.on("word", () => {
    throw new Error("mine");
  });
  const stop = emitter.on("word", (word) => heard.push(word));
  emitter.emit("word", "a");
  stop();
  emitter.emit("word", "b");
  vi.unstubAllGlobals();
  expect(heard).toEqual(["a"]);
  expect(thrown).toHaveLength(2);
  expect(thrown[0]).toThrow("mine");
});

test("a listener may take itself away, or another one, while it is called", () => {
  const emitter = new Emitter<{ word: string }>();
  const heard: string[] = [];
  const stop = emitter.on("word", (word) => {
    heard.push(`first ${word}`);
    stop();
  });
  emitter.on("word", (word) => heard.push(`second ${word}`));
  emitter.emit("word", "a");
  emitter.emit("word", "b");
  expect(heard).toEqual(["first a", "second a", "second b"]);
});
