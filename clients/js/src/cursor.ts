/** What to do with an event: it is the next one; it was there before; or one before it is missing. */
export type Verdict = "next" | "repeat" | "hole";

/** The last `seq` that was delivered, and what that means for the next event. */
export class Cursor {
  /** Undefined until a first join told where the room's log is. */
  seq: number | undefined;

  constructor(seq: number | undefined) {
    this.seq = seq;
  }

  judge(seq: number): Verdict {
    if (this.seq === undefined || seq <= this.seq) return "repeat";
    return seq === this.seq + 1 ? "next" : "hole";
  }
}
