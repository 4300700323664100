/** What the browser knows of the network and of the page's visibility; outside a browser nothing is ever heard. */

export interface Signs {
  online(): void;
  offline(): void;
  /** The page is on the screen again. Timers may have stood still until now. */
  visible(): void;
}

/** False only when the browser is sure that there is no network. */
export function online(): boolean {
  return globalThis.navigator?.onLine !== false;
}

/** Returns what ends the listening. */
export function listen(signs: Signs): () => void {
  const { document } = globalThis;
  const stop: (() => void)[] = [];
  const add = (target: EventTarget | undefined, name: string, listener: () => void): void => {
    if (typeof target?.addEventListener !== "function") return;
    target.addEventListener(name, listener);
    stop.push(() => target.removeEventListener(name, listener));
  };
  add(globalThis, "online", () => signs.online());
  add(globalThis, "offline", () => signs.offline());
  add(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") signs.visible();
  });
  return () => {
    for (const end of stop) end();
  };
}
