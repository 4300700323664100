import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Row } from "../lib/timeline";
import { type Span, STEP, spanOf } from "../lib/window";
import { atBottom } from "../state/attention";

/** This close to the end counts as being at the end. */
const NEAR_PX = 48;
/** This close to either end of the rows in the document, more of them are brought in. */
const FETCH_PX = 900;

interface Scroll {
  /** For the scrolling element; its rows carry `data-key`. */
  ref: RefObject<HTMLDivElement | null>;
  span: Span;
  onScroll: () => void;
  toLatest: () => void;
}

/**
 * Keeps the reader's place in a conversation of any length.
 *
 * At the end it follows what arrives. Further up, the row that the reader looks at stays where it is while rows come
 * and go above it. Only a window of the rows is in the document; it moves along with the reader.
 */
export function useTimelineScroll(
  rows: readonly Row[],
  ready: boolean,
  sent: number,
  older: () => void,
): Scroll {
  const ref = useRef<HTMLDivElement>(null);
  const [start, setStart] = useState<number | null>(null);
  const following = useRef(true);
  const placed = useRef(false);
  const anchor = useRef<Anchor | null>(null);
  const sentBefore = useRef(sent);
  const span = spanOf(rows.length, (index) => rows[index]?.seq ?? 0, start);

  const extend = (element: HTMLDivElement): void => {
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (element.scrollTop < FETCH_PX) {
      if (span.from > 0) setStart(rows[Math.max(0, span.from - STEP)]?.seq ?? null);
      else older();
    } else if (below < FETCH_PX && span.to < rows.length) {
      setStart(rows[Math.min(rows.length - 1, span.from + STEP)]?.seq ?? null);
    }
  };

  const settle = (element: HTMLDivElement): void => {
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    following.current = span.to === rows.length && below < NEAR_PX;
    atBottom.value = following.current;
    if (following.current) setStart(null);
    else if (start === null) setStart(rows[span.from]?.seq ?? null);
    anchor.current = firstVisible(element);
  };

  const onScroll = (): void => {
    const element = ref.current;
    if (element === null || !placed.current) return;
    settle(element);
    extend(element);
  };

  const toLatest = (): void => {
    following.current = true;
    setStart(null);
    const element = ref.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  };

  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null || !ready) return;
    const says = sent > sentBefore.current;
    sentBefore.current = sent;
    if (says) {
      toLatest();
      if (start !== null) return; // the rows of the end come with the next rendering
    }
    if (!placed.current) {
      placed.current = true;
      place(element);
    } else if (following.current) {
      element.scrollTop = element.scrollHeight;
    } else {
      restore(element, anchor.current);
    }
    settle(element);
    extend(element);
  }, [rows, ready, sent, span.from, span.to]);

  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      if (following.current && placed.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => {
      observer.disconnect();
      atBottom.value = true;
    };
  }, []);

  return { ref, span, onScroll, toLatest };
}

/** On opening: "new messages" in the upper part of the view, or the end. */
function place(element: HTMLDivElement): void {
  const divider = element.querySelector<HTMLElement>("[data-key=divider]");
  element.scrollTop = element.scrollHeight;
  if (divider !== null) {
    element.scrollTop = Math.min(element.scrollTop, divider.offsetTop - element.clientHeight * 0.25);
  }
}

/** A row and where it ends, in the coordinates of the content. Its head may go when an older message joins its group. */
interface Anchor {
  key: string;
  bottom: number;
}

/** The first message in view. Messages only: a day's heading moves up when older messages of that day arrive. */
function firstVisible(element: HTMLDivElement): Anchor | null {
  for (const row of element.querySelectorAll<HTMLElement>("[data-key^=m], [data-key^=n]")) {
    const bottom = row.offsetTop + row.offsetHeight;
    if (bottom > element.scrollTop) return { key: row.dataset["key"] ?? "", bottom };
  }
  return null;
}

function restore(element: HTMLDivElement, anchor: Anchor | null): void {
  if (anchor === null) return;
  const row = element.querySelector<HTMLElement>(`[data-key="${CSS.escape(anchor.key)}"]`);
  if (row !== null) element.scrollTop += row.offsetTop + row.offsetHeight - anchor.bottom;
}
