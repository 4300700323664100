/** How many rows are in the document while the reader follows the newest message. */
export const WINDOW = 200;
/** How many at most while the reader is further up. */
export const WINDOW_MAX = 400;
/** How many rows come in at one end at a time. */
export const STEP = 100;

export interface Span {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Where a reader is: the first message in view ends `offset` pixels below the upper edge of the view. */
export interface Place {
  readonly seq: number;
  readonly offset: number;
}

/**
 * Which of `count` rows are in the document. `start`: the `seq` of the first of them; null: the newest `WINDOW`.
 *
 * `seqAt` gives a row's `seq`; rows ascend by it.
 */
export function spanOf(count: number, seqAt: (index: number) => number, start: number | null): Span {
  if (start === null) return { from: Math.max(0, count - WINDOW), to: count };
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqAt(middle) < start) low = middle + 1;
    else high = middle;
  }
  return { from: low, to: Math.min(count, low + WINDOW_MAX) };
}
