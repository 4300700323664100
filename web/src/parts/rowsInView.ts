/** Where rows stand in a scrolling element. Its list's children ascend, so that each question costs a few looks. */

/** A row and where it ends, in the coordinates of the content. Its head may go when an older message joins its group. */
export interface Anchor {
  readonly key: string;
  readonly bottom: number;
}

/** A message's row: `m` and its `seq`, or `n` and the nonce of one that is not sent. */
const MESSAGE = /^[mn]/;

function endOf(row: HTMLElement): number {
  return row.offsetTop + row.offsetHeight;
}

/** How many of the rows end at or above `y`. */
function countAbove(rows: HTMLCollectionOf<HTMLElement>, y: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && endOf(row) <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rowsOf(element: HTMLElement): HTMLCollectionOf<HTMLElement> {
  return (element.querySelector("ol.rows") ?? element).children as HTMLCollectionOf<HTMLElement>;
}

/** The first message in view. Messages only: a day's heading moves up when older messages of that day arrive. */
export function firstVisible(element: HTMLElement): Anchor | null {
  const rows = rowsOf(element);
  for (let at = countAbove(rows, element.scrollTop); at < rows.length; at++) {
    const key = rows[at]?.dataset["key"] ?? "";
    if (MESSAGE.test(key)) return { key, bottom: endOf(rows[at] as HTMLElement) };
  }
  return null;
}

/** How many of the element's rows end above the lower edge of the view: they are on the screen, or above it. */
export function countShown(element: HTMLElement): number {
  // Positions are whole pixels here, but not on the screen.
  return countAbove(rowsOf(element), element.scrollTop + element.clientHeight + 1);
}

export function rowOf(element: HTMLElement, key: string): HTMLElement | null {
  return element.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
}

/** Scroll by what the anchor's row has moved in the content. */
export function restore(element: HTMLElement, anchor: Anchor | null): void {
  const row = anchor === null ? null : rowOf(element, anchor.key);
  if (anchor !== null && row !== null) element.scrollTop += endOf(row) - anchor.bottom;
}

/** Put the end of the row `key` at `offset` below the upper edge of the view. False: the row is not there. */
export function putAt(element: HTMLElement, key: string, offset: number): boolean {
  const row = rowOf(element, key);
  if (row !== null) element.scrollTop = endOf(row) - offset;
  return row !== null;
}
