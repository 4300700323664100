/** Read marks on their way to the server: somebody who scrolls moves theirs many times a second. */

import { client } from "./connection";

/** The server is told at once, and then at most once in this time. */
const PAUSE_MS = 1_000;

const waiting = new Map<string, number>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tell the server that a room has been read up to `seq`. */
export function tellMark(room: string, seq: number): void {
  waiting.set(room, seq);
  if (timer === undefined) flush();
}

function flush(): void {
  timer = undefined;
  if (waiting.size === 0) return;
  for (const [room, seq] of waiting) {
    // A mark that is lost with the connection is told again after the next one.
    client()
      .markRead(room, seq)
      .catch(() => undefined);
  }
  waiting.clear();
  timer = setTimeout(flush, PAUSE_MS);
}

export function forgetMarks(): void {
  clearTimeout(timer);
  timer = undefined;
  waiting.clear();
}

// What has been read here should not be unread elsewhere, just because the page was closed at once.
addEventListener("pagehide", flush);
