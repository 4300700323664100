/**
 * Small settings: in localStorage, which all tabs share, or in sessionStorage, which is this tab's and survives its
 * reload. A browser that forbids them (private mode) works without keeping them.
 */
const PREFIX = "hubbub.";

/** `browser`: for all tabs. `tab`: for this one. */
export type Place = "browser" | "tab";

function storage(place: Place): Storage {
  return place === "browser" ? localStorage : sessionStorage;
}

export function load(key: string, place: Place = "browser"): string | null {
  try {
    return storage(place).getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** Keep `value`; null forgets it. */
export function save(key: string, value: string | null, place: Place = "browser"): void {
  try {
    if (value === null) storage(place).removeItem(PREFIX + key);
    else storage(place).setItem(PREFIX + key, value);
  } catch {
    // Nothing to be done: the setting lasts until the page is closed.
  }
}

/** Forget every setting whose key fits. */
export function forget(fits: (key: string) => boolean, place: Place = "browser"): void {
  try {
    for (const key of Object.keys(storage(place))) {
      if (key.startsWith(PREFIX) && fits(key.slice(PREFIX.length))) storage(place).removeItem(key);
    }
  } catch {
    // As above.
  }
}

/** Call `listener` whenever another tab changes a setting that all share. `value`: null when it was forgotten. */
export function onForeignChange(listener: (key: string, value: string | null) => void): void {
  addEventListener("storage", ({ key, newValue, storageArea }) => {
    if (storageArea === localStorage && key?.startsWith(PREFIX)) listener(key.slice(PREFIX.length), newValue);
  });
}
