/** What Markdown asks about a character: is it part of a word, may a backslash stand before it? */

const WORD = /[\p{L}\p{N}\p{M}]/u;
/** Two UTF-16 units that are one character. */
const PAIR = /^[\ud800-\udbff][\udc00-\udfff]$/;
const DIGIT = /\p{N}/u;
const SPACE = /\s/;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
/** Scripts that put no blanks between words: there, a mark may stand inside what looks like one word. */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Tibetan}]/u;

/** The character that begins at `at`, "" at the end. */
export function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

/** The character that ends before `at`, "" at the beginning. */
export function characterBefore(text: string, at: number): string {
  const two = text.slice(Math.max(0, at - 2), at);
  return PAIR.test(two) ? two : two.slice(-1);
}

/** A letter, digit or mark of any script. */
export function isWord(character: string): boolean {
  return WORD.test(character);
}

export function isDigit(character: string): boolean {
  return DIGIT.test(character);
}

/** Also the edge of the text. */
export function isSpace(character: string): boolean {
  return character === "" || SPACE.test(character);
}

export function isUnspaced(character: string): boolean {
  return UNSPACED.test(character);
}

/** ASCII punctuation: what a backslash can take the meaning of. */
export function isPunctuation(character: string): boolean {
  return PUNCTUATION.test(character);
}

/** How often the character at `at` stands there in a row, up to `to`. */
export function runLength(text: string, at: number, to: number = text.length): number {
  const unit = text.charCodeAt(at);
  let end = at + 1;
  while (end < to && text.charCodeAt(end) === unit) end++;
  return end - at;
}
