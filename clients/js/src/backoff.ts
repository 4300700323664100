const FIRST_MS = 500;
const CAP_MS = 30_000;

/**
 * Delays that grow: "full jitter", evenly spread between 0 and a ceiling that doubles from 0.5 s to 30 s, so that the
 * clients of a restarted server do not come back in step.
 */
export class Backoff {
  readonly #random: () => number;
  /** How many delays were given since the last reset. */
  attempt = 0;

  /** `random`: in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next delay in ms. */
  next(): number {
    const delay = this.same();
    this.attempt += 1;
    return delay;
  }

  /** A delay in ms below the present ceiling, which stays: nothing failed. */
  same(): number {
    return this.#random() * Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(this.attempt, 16));
  }

  reset(): void {
    this.attempt = 0;
  }
}

/** How long to wait while there is no network, in case the browser is mistaken about that. */
export const OFFLINE_MS = CAP_MS;
