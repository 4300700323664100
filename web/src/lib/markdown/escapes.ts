/**
 * Backslashes. One disappears only where it prevents markup: `\*plain\*` shows stars, while `¯\_(ツ)_/¯` and
 * `\\server\share` are shown as they were typed.
 *
 * Whether it prevents something is found out by reading the text as if it had none: where an escaped character then is
 * a part of markup, the backslash before it was needed.
 */

const ESCAPE = /\\[!-/:-@[-`{-~]/g;
/** What a line begins with that is more than text. */
const LINE_SIGN = /^[ \t]*(?:\d+[.)]|[-+*#>=_~`]+)/;

const NONE: ReadonlySet<number> = new Set();

/**
 * Where the backslashes stand that are not shown. `read` reads a text in which a backslash means nothing, and writes 1
 * wherever markup stands. `startsBlock` says of a line whether it is more than text.
 */
export function effectiveEscapes(
  text: string,
  startsBlock: (line: string) => boolean,
  read: (bare: string, markup: Uint8Array) => void,
): ReadonlySet<number> {
  const escapes = Array.from(text.matchAll(ESCAPE), (match) => match.index);
  if (escapes.length === 0) return NONE;
  const bare = text.replace(ESCAPE, (pair) => pair.charAt(1));
  const markup = new Uint8Array(bare.length + 1);
  read(bare, markup);
  readLines(bare, startsBlock, markup);
  const effective = new Set<number>();
  for (const [index, at] of Array.from(escapes.entries()).reverse()) {
    const place = at - index; // of the escaped character in `bare`: before it, as many backslashes are missing
    // Of two backslashes, the first prevents that the second escapes what comes next.
    const pair = text.charAt(at + 1) === "\\";
    if (pair ? markup[place + 1] === 1 || effective.has(at + 2) : markup[place] === 1) effective.add(at);
  }
  return effective;
}

function readLines(bare: string, startsBlock: (line: string) => boolean, markup: Uint8Array): void {
  let start = 0;
  for (const line of bare.split("\n")) {
    const sign = startsBlock(line) ? (LINE_SIGN.exec(line)?.[0].length ?? 0) : 0;
    markup.fill(1, start, start + sign);
    start += line.length + 1;
  }
}
