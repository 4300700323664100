/**
 * What one message may cost its readers. Who writes chooses how much there is to build, and everybody who opens the room
 * pays for it: what is beyond a limit is shown as plain text, never left out.
 */

/** UTF-16 units of a text that are read as Markdown; the rest is plain. The server's default limit is 16,384 bytes. */
export const CHARACTERS_MAX = 40_000;
/**
 * Elements of one message in the page. Chromium needs 50 to 100 µs for each, and a room opens with 200 messages: were
 * all of them made to be slow, that is some seconds. A table of 8 columns and 50 rows has 450.
 */
export const ELEMENTS_MAX = 500;
/** Columns of a table. What stands beyond is the text of its last cell. */
export const COLUMNS_MAX = 32;
/** Quotes and lists inside each other. Deeper signs are text. */
export const DEPTH_MAX = 6;
/** Emphasis inside emphasis. */
export const EMPHASIS_DEPTH_MAX = 8;
/** UTF-16 units of a link's address or title. A longer one is no link: half an address leads elsewhere. */
export const ADDRESS_MAX = 2_000;

/** The elements that a message may still have. Once one was refused, all are. */
export class Budget {
  #left: number;

  constructor(elements: number = ELEMENTS_MAX) {
    this.#left = elements;
  }

  get isUsedUp(): boolean {
    return this.#left < 0;
  }

  /** Whether there are `count` more. */
  take(count = 1): boolean {
    this.#left = count > this.#left ? -1 : this.#left - count;
    return this.#left >= 0;
  }
}
