/** What the clock says, for text that is made from it: it moves by itself, while somebody looks. */

import { type ReadonlySignal, signal } from "@preact/signals";
import { dayAfter, dayOf, MINUTE_MS } from "../lib/time";

/** The start of the local day, in Unix ms. */
export const today = ticking(dayOf, dayAfter);

/** The start of the minute, in Unix ms. */
export const minute = ticking(
  (now) => now - (now % MINUTE_MS),
  (now) => now - (now % MINUTE_MS) + MINUTE_MS,
);

/** `value(now)`, made anew at the time `next(now)`: one timer, none while nobody looks. */
function ticking(value: (now: number) => number, next: (now: number) => number): ReadonlySignal<number> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    const now = Date.now();
    clearTimeout(timer);
    timer = setTimeout(look, next(now) - now);
    told.value = value(now);
  };
  const told = signal(value(Date.now()), {
    watched() {
      look();
      // A device that slept, or whose clock or time zone was set.
      document.addEventListener("visibilitychange", look);
      addEventListener("focus", look);
    },
    unwatched() {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
      removeEventListener("focus", look);
    },
  });
  return told;
}
