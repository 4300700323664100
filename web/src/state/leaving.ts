/**
 * A login that the user has ended and the server does not know of yet: it was out of reach. The cookie is still there,
 * and no script can take it away; until the server has done so, this browser does not use it.
 */

import { signal } from "@preact/signals";
import { errorCode } from "../lib/errors";
import { api } from "./api";
import { load, save } from "./storage";

const KEY = "leaving";
const FIRST_MS = 5_000;
const LAST_MS = 60_000;

let delay = FIRST_MS;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether the server could not be told when it should have been. */
export const untold = signal(false);

/** Whether there is such a login. */
export function isLeaving(): boolean {
  return load(KEY) !== null;
}

export function beginLeaving(session: string): void {
  save(KEY, session);
}

/** End it on the server, if there is one; tried again by itself. Raises HubbubError: the server was not reached. */
export async function finishLeaving(): Promise<void> {
  clearTimeout(timer);
  const session = load(KEY);
  if (session === null) {
    untold.value = false; // another tab has told it
    return;
  }
  try {
    await api.endSession(session);
  } catch (error) {
    if (!GONE.has(errorCode(error))) {
      untold.value = true;
      timer = setTimeout(() => void finishLeaving().catch(() => undefined), delay);
      delay = Math.min(2 * delay, LAST_MS);
      throw error;
    }
  }
  delay = FIRST_MS;
  if (load(KEY) === session) save(KEY, null);
  untold.value = false;
}

/** The server knows no such login of whoever the cookie belongs to: it has ended. */
const GONE = new Set(["unauthenticated", "not_found"]);

addEventListener("online", () => void finishLeaving().catch(() => undefined));
