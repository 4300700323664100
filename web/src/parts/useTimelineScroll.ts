import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Row, seenUpTo } from "../lib/timeline";
import { type Place, type Span, STEP, spanOf, WINDOW } from "../lib/window";
import { type Anchor, countShown, firstVisible, putAt, restore, rowOf } from "./rowsInView";

/** This close to the end counts as being at the end: the last row is whole on the screen. */
const NEAR_PX = 20;
/** This close to either end of the rows in the document, more of them are brought in. */
const FETCH_PX = 900;
/** Rows above the one at which the conversation opens, so that there is something to scroll up to. */
const ABOVE = 50;

/** What stands on the screen now. */
export interface View {
  /** Whether that is the end of the conversation. */
  readonly end: boolean;
  /** The `seq` of the last event that is whole on the screen or above it; 0: none. */
  readonly seq: number;
  /** null: at the end, or where no message is. */
  readonly place: Place | null;
}

interface Settings {
  /** Whether there are rows to show. */
  ready: boolean;
  /** When the newest message of mine was written: another one leads to the end. */
  sent: number;
  /** Where to open; null: at "new messages", or at the end. */
  place: Place | null;
  /** Whether the last row is the end of the conversation; otherwise more of them come from `newer`. */
  end: boolean;
  /** More rows are wanted above the first one. */
  older: () => void;
  /** More rows are wanted below the last one. */
  newer: () => void;
  /** The end of the conversation is wanted, which is not among the rows. */
  latest: () => void;
  onView: (view: View) => void;
}

interface Scroll {
  /** For the scrolling element; the children of its `ol.rows` are the rows of `span` and carry `data-key`. */
  ref: RefObject<HTMLDivElement | null>;
  span: Span;
  onScroll: () => void;
  toLatest: () => void;
}

/**
 * Keeps the reader's place in a conversation of any length.
 *
 * At the end the view stays at the end, whatever changes: what arrives, the height that the composer or a keyboard
 * leaves, a picture that loads. Only scrolling up ends that. Further up, the row that the reader looks at stays where
 * it is while rows come and go above it. Only a window of the rows is in the document; it moves along with the reader.
 */
export function useTimelineScroll(rows: readonly Row[], settings: Settings): Scroll {
  const { ready, sent, place } = settings;
  const ref = useRef<HTMLDivElement>(null);
  const following = useRef(false);
  const placed = useRef(false);
  const anchor = useRef<Anchor | null>(null);
  /** The position when it was last looked at, and the lowest one that was possible. */
  const last = useRef({ top: 0, end: 0 });
  const sentBefore = useRef(sent);
  const [chosen, setStart] = useState<number | null>(null);
  const start = placed.current || !ready ? chosen : openingStart(rows, place);
  const span = spanOf(rows.length, (index) => rows[index]?.seq ?? 0, start);

  /** Take note of where the view is. Whoever was at the end still is, unless they have moved up since. */
  const observe = (element: HTMLDivElement): void => {
    const top = element.scrollTop;
    const end = element.scrollHeight - element.clientHeight;
    const near = end - top < NEAR_PX;
    if (following.current) following.current = near || top >= Math.min(last.current.top, end) - 1;
    else following.current = near && span.to === rows.length && settings.end;
    last.current = { top, end };
    anchor.current = firstVisible(element);
  };

  /** Bring the view to where it belongs after something has changed. */
  const keep = (element: HTMLDivElement): void => {
    if (following.current) element.scrollTop = element.scrollHeight;
    else restore(element, anchor.current);
    observe(element);
  };

  const extend = (element: HTMLDivElement): void => {
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (element.scrollTop < FETCH_PX) {
      if (span.from > 0) setStart(startAt(rows, span.from - STEP));
      else settings.older();
    } else if (below < FETCH_PX) {
      if (span.to < rows.length) setStart(startAt(rows, Math.min(rows.length - 1, span.from + STEP)));
      else if (!settings.end) settings.newer();
    }
  };

  /** Tell what stands on the screen, and see to it that there are rows around it. */
  const publish = (element: HTMLDivElement): void => {
    settings.onView({
      end: following.current,
      seq: seenUpTo(rows, span.from + countShown(element)),
      place: following.current ? null : placeOf(anchor.current, element),
    });
    if (following.current) setStart(null);
    else if (start === null) setStart(startAt(rows, span.from));
    extend(element);
  };

  const toLatest = (): void => {
    if (!settings.end) {
      settings.latest();
      return;
    }
    following.current = true;
    setStart(null);
    if (ref.current !== null) keep(ref.current);
  };

  const onScroll = (): void => {
    const element = ref.current;
    if (element === null || !placed.current) return;
    observe(element);
    publish(element);
  };

  const onResize = (): void => {
    const element = ref.current;
    // Without a height it has been taken off the screen: that changes nobody's place.
    if (element === null || !placed.current || element.clientHeight === 0) return;
    keep(element);
    publish(element);
  };

  // The rows in the document are about to change: how far the reader has come counts, even without an event as yet.
  if (ref.current !== null && placed.current) observe(ref.current);

  const resized = useRef(onResize);
  resized.current = onResize;
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
      setStart(start);
      open(element, place);
      observe(element);
    } else {
      keep(element);
    }
    publish(element);
  }, [rows, ready, sent, span.from, span.to]);

  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => resized.current());
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  return { ref, span, onScroll, toLatest };
}

/** The first row of the window in which the conversation opens; null: the newest rows will do. */
function openingStart(rows: readonly Row[], place: Place | null): number | null {
  const key = place === null ? "divider" : `m${place.seq}`;
  const at = rows.findIndex((row) => row.key === key);
  if (at === -1 || at >= rows.length - WINDOW + ABOVE) return null;
  return startAt(rows, at - ABOVE);
}

/**
 * What makes the row at `index` the first in the document. From the first row of all on, those that come before it are
 * in the document at once: the heading that they take from it could not be missed at the upper edge.
 */
function startAt(rows: readonly Row[], index: number): number {
  return index <= 0 ? 0 : (rows[index]?.seq ?? 0);
}

/** On opening: where the reader was, or "new messages" in the upper part of the view, or the end. */
function open(element: HTMLDivElement, place: Place | null): void {
  if (place !== null && putAt(element, `m${place.seq}`, place.offset)) return;
  element.scrollTop = element.scrollHeight;
  const divider = rowOf(element, "divider");
  if (divider !== null) {
    element.scrollTop = Math.min(element.scrollTop, divider.offsetTop - element.clientHeight * 0.25);
  }
}

function placeOf(anchor: Anchor | null, element: HTMLDivElement): Place | null {
  if (anchor === null || !anchor.key.startsWith("m")) return null;
  return { seq: Number(anchor.key.slice(1)), offset: anchor.bottom - element.scrollTop };
}
