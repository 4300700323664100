import { effect } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dayAfter, dayOf } from "../src/lib/time";
import { minute, today } from "../src/state/clock";

const LATE = new Date(2026, 2, 28, 23, 59, 30).getTime();

describe("the clock", () => {
  beforeEach(() => vi.useFakeTimers({ now: LATE }));
  afterEach(() => vi.useRealTimers());

  it("moves to the next day at midnight, and in between not at all", () => {
    const seen: number[] = [];
    const end = effect(() => {
      seen.push(today.value);
    });
    vi.advanceTimersByTime(29_999);
    expect(seen.at(-1)).toBe(dayOf(LATE));
    const before = seen.length;
    vi.advanceTimersByTime(1);
    expect(seen.at(-1)).toBe(dayAfter(LATE));
    vi.advanceTimersByTime(3_600_000);
    expect(seen.length).toBe(before + 1);
    end();
  });

  it("has one timer while somebody looks, and none otherwise", () => {
    expect(vi.getTimerCount()).toBe(0);
    const looks = [1, 2, 3].map(() =>
      effect(() => {
        minute.value;
      }),
    );
    expect(vi.getTimerCount()).toBe(1);
    for (const end of looks) end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is right at once when somebody looks again after a while, or the device wakes up", () => {
    vi.setSystemTime(LATE + 3 * 24 * 3_600_000);
    let seen = 0;
    const end = effect(() => {
      seen = today.value;
    });
    expect(seen).toBe(dayOf(Date.now()));
    vi.setSystemTime(Date.now() + 24 * 3_600_000); // asleep: no timer ran
    window.dispatchEvent(new Event("focus"));
    expect(seen).toBe(dayOf(Date.now()));
    end();
  });

  it("knows days of 23 and 25 hours by their dates", () => {
    for (let day = 0; day < 400; day++) {
      const noon = new Date(2026, 0, 1 + day, 12).getTime();
      expect(dayAfter(noon)).toBe(new Date(2026, 0, 2 + day).getTime());
    }
  });
});
