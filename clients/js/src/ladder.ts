import type { Obstacle } from "./link.js";
import { TRANSPORTS, type TransportName } from "./transport.js";

/** Why the connection is not by a better transport, for each that was tried. */
export type Fallback = Readonly<Partial<Record<TransportName, Obstacle>>>;

/** Where the WebSocket has worked before, so many attempts in a row must fail before a fallback is tried. */
const PROVEN_TRIES = 2;

/** The part of `sessionStorage` that is used. */
export type Memory = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Which transport to try: from the best down, and what is known of this network, for as long as the tab lives. */
export class Ladder {
  readonly #rungs: readonly TransportName[];
  readonly #key: string;
  readonly #memory: Memory | null;
  /** Where attempts begin. */
  #base = 0;
  #at = 0;
  #proven = false;
  #obstacles: Fallback = {};
  /** Null: the connection is by the best transport, or there has been none. */
  fallback: Fallback | null = null;

  /** `rungs`: those that can be used here, the best one first; at least one. */
  constructor(rungs: readonly TransportName[], key: string, memory: Memory | null) {
    this.#rungs = rungs;
    this.#key = key;
    this.#memory = memory;
    for (const name of TRANSPORTS.slice(0, TRANSPORTS.indexOf(rungs[0] as TransportName))) {
      this.#obstacles = { ...this.#obstacles, [name]: "missing" };
    }
    this.#recall();
  }

  /** A new attempt. Returns what to try first. */
  begin(): TransportName {
    this.#at = this.#base;
    return this.#name;
  }

  /** What is being tried does not work here. Returns what to try next; null: nothing, in this attempt. */
  descend(obstacle: Obstacle, attempt: number): TransportName | null {
    if (this.#proven && attempt < PROVEN_TRIES) return null;
    this.note(this.#name, obstacle);
    this.#at += 1;
    if (this.#at < this.#rungs.length) return this.#name;
    this.#base = 0; // nothing works: what was known may be of another network
    return null;
  }

  note(name: TransportName, obstacle: Obstacle): void {
    if (this.#obstacles[name] !== obstacle) this.#obstacles = { ...this.#obstacles, [name]: obstacle };
  }

  /** There is a connection by this transport. */
  reached(name: TransportName): void {
    this.#base = this.#rungs.indexOf(name);
    this.#proven = this.#base === 0;
    const above = TRANSPORTS.slice(0, TRANSPORTS.indexOf(name));
    const known = above.flatMap((other) => {
      const obstacle = this.#obstacles[other];
      return obstacle === undefined ? [] : [[other, obstacle] as const];
    });
    this.fallback = known.length > 0 ? Object.fromEntries(known) : null;
    this.#remember(name);
  }

  /** Better ones than this, the best one first. */
  above(name: TransportName): TransportName[] {
    return this.#rungs.slice(0, this.#rungs.indexOf(name));
  }

  get #name(): TransportName {
    return this.#rungs[this.#at] as TransportName;
  }

  #remember(name: TransportName): void {
    try {
      if (this.#base === 0) this.#memory?.removeItem(this.#key);
      else this.#memory?.setItem(this.#key, JSON.stringify([name, this.fallback]));
    } catch {
      // Full or forbidden: the next page begins at the top.
    }
  }

  #recall(): void {
    try {
      const [name, fallback] = JSON.parse(this.#memory?.getItem(this.#key) ?? "[]");
      this.#base = Math.max(0, this.#rungs.indexOf(name));
      if (this.#base > 0) this.#obstacles = { ...fallback, ...this.#obstacles };
    } catch {
      // What somebody else wrote there is not ours.
    }
  }
}

/** The memory of this tab; null where there is none. */
export function tabMemory(): Memory | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null; // forbidden
  }
}
