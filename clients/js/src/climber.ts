import type { Link } from "./link.js";
import type { TransportName } from "./transport.js";

const FIRST_MS = 10_000;
const CAP_MS = 300_000;
/** The network and the page may blink; that is no reason to try each time. */
const BLINK_MS = 5_000;

export interface ClimberHost {
  readonly random: () => number;
  readonly now: () => number;
  /**
   * Open a link by this transport beside the one that there is. `failed` is called when it has ended without having
   * become the connection.
   */
  open(name: TransportName, failed: () => void): Promise<Link>;
}

/**
 * While the connection is by a fallback: tries the better transports from time to time, less and less often, beside the
 * connection, which is left alone until there is a better one.
 */
export class Climber {
  readonly #host: ClimberHost;
  #above: TransportName[] = [];
  #delayMs = FIRST_MS;
  #triedAt = 0;
  #trying = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #link: Link | null = null;
  /** Becomes another one with each start and stop. */
  #turn = 0;

  constructor(host: ClimberHost) {
    this.#host = host;
  }

  /** There is a connection. `above`: the transports better than its own, the best one first. */
  start(above: TransportName[]): void {
    this.stop();
    this.#above = above;
    this.#delayMs = FIRST_MS;
    this.#rest();
  }

  /** The connection is another one now, or none. `kept`: the link that has taken its place. */
  stop(kept: Link | null = null): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    if (this.#link !== kept) this.#link?.leave();
    this.#link = null;
    this.#above = [];
    this.#trying = false;
  }

  /** The network is another one, or the page is looked at again: try now, and often again. */
  hurry(): void {
    if (this.#above.length === 0 || this.#trying || this.#host.now() - this.#triedAt < BLINK_MS) return;
    this.#delayMs = FIRST_MS;
    void this.#climb();
  }

  #rest(): void {
    if (this.#above.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#climb(), this.#delayMs * (0.5 + this.#host.random()));
    this.#delayMs = Math.min(CAP_MS, this.#delayMs * 2);
  }

  async #climb(): Promise<void> {
    clearTimeout(this.#timer);
    const turn = this.#turn;
    this.#trying = true;
    for (const name of this.#above) {
      await this.#failure(name);
      if (turn !== this.#turn) return;
    }
    this.#trying = false;
    this.#triedAt = this.#host.now();
    this.#rest();
  }

  /** Resolves when this transport has failed; never when it has not. */
  #failure(name: TransportName): Promise<void> {
    const turn = this.#turn;
    return new Promise((failed) => {
      this.#host.open(name, failed).then((link) => {
        if (turn === this.#turn) this.#link = link;
        else link.leave(); // the token took too long
      }, failed);
    });
  }
}
