/** Small settings in localStorage. A browser that forbids it (private mode) works without keeping them. */
const PREFIX = "hubbub.";

export function load(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** Keep `value`; null forgets it. */
export function save(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // Nothing to be done: the setting lasts until the page is closed.
  }
}

/** Forget every setting whose key begins with `start`. */
export function forget(start: string): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX + start)) localStorage.removeItem(key);
    }
  } catch {
    // As above.
  }
}
