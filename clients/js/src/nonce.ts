const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Makes nonces in the shape of a ULID: 48 bits of time and 80 random ones, 26 digits. Later ones sort later. */
export class Nonces {
  readonly #now: () => number;
  #last = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  next(): string {
    // Two of one millisecond, or a clock that was set back: time goes on by one.
    this.#last = Math.max(Math.floor(this.#now()), this.#last + 1);
    let time = "";
    for (let rest = this.#last, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32))
      time = DIGITS[rest % 32] + time;
    let random = "";
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) random += DIGITS[byte % 32];
    return time + random;
  }
}
