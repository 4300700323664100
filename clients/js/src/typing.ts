/** Others are told at most this often that it goes on. */
const REPEAT_MS = 2_000;
/** Without a new call it is over after this long. */
const IDLE_MS = 5_000;

interface Typist {
  toldAt: number;
  idle: ReturnType<typeof setTimeout>;
}

/** Tells others in which rooms the user is typing. */
export class Typing {
  readonly #tell: (room: string, typing: boolean) => boolean;
  readonly #now: () => number;
  readonly #rooms = new Map<string, Typist>();

  /** `tell`: false when it can't be told now. */
  constructor(tell: (room: string, typing: boolean) => boolean, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  /** Call it with every key stroke. */
  on(room: string): void {
    const typist = this.#rooms.get(room);
    let toldAt = typist?.toldAt;
    if (toldAt === undefined || this.#now() - toldAt >= REPEAT_MS) {
      if (!this.#tell(room, true)) return this.forget(room);
      toldAt = this.#now();
    }
    clearTimeout(typist?.idle);
    this.#rooms.set(room, { toldAt, idle: setTimeout(() => this.off(room), IDLE_MS) });
  }

  off(room: string): void {
    if (!this.#rooms.has(room)) return;
    this.forget(room);
    this.#tell(room, false);
  }

  /** It is over, and others know that already. */
  forget(room: string): void {
    clearTimeout(this.#rooms.get(room)?.idle);
    this.#rooms.delete(room);
  }

  down(): void {
    for (const room of [...this.#rooms.keys()]) this.forget(room);
  }
}
