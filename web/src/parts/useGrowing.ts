import type { RefObject } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";

/** Whatever is longer fills the largest height that it may have, on the widest screen: it need not be measured. */
const MEASURED = 10_000;

/** Makes a text area as high as its text, up to its `max-height`. It stands in a box of its own. */
export function useGrowing(ref: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    if (ref.current !== null) grow(ref.current);
  }, [text]);

  useEffect(() => {
    const area = ref.current;
    if (area === null) return undefined;
    let width = area.clientWidth;
    const observer = new ResizeObserver(() => {
      if (area.clientWidth === width) return;
      width = area.clientWidth;
      grow(area);
    });
    observer.observe(area);
    return () => observer.disconnect();
  }, []);
}

function grow(area: HTMLTextAreaElement): void {
  const box = area.parentElement;
  if (area.value.length > MEASURED || box === null) {
    area.style.height = "100vh";
    return;
  }
  // While it is measured, the box stays as it is: what stands beside it would move, and lose its scroll position.
  box.style.height = `${box.offsetHeight}px`;
  area.style.height = "0";
  area.style.height = `${area.scrollHeight}px`;
  box.style.height = "";
}
