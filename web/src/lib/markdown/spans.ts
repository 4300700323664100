/** What binds more tightly than emphasis and is found first: where code ends, and which brackets are links. */

import { bracketedHref, safeHref } from "./addresses";
import { isPunctuation, runLength } from "./characters";
import { ADDRESS_MAX } from "./limits";

/** Where in a text each run of backticks stands, by its length. */
export class CodeSpans {
  readonly #runs = new Map<number, number[]>();

  constructor(text: string) {
    for (let at = text.indexOf("`"); at !== -1; ) {
      const size = runLength(text, at);
      const same = this.#runs.get(size);
      if (same === undefined) this.#runs.set(size, [at]);
      else same.push(at);
      at = text.indexOf("`", at + size);
    }
  }

  /** Where the run begins that closes the code whose sign of `size` backticks ends at `from`; -1: nowhere. */
  closing(size: number, from: number): number {
    const runs = this.#runs.get(size) ?? [];
    let low = 0;
    for (let high = runs.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((runs[middle] ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return runs[low] ?? -1;
  }
}

/** `[text](address "title")` */
export interface LinkSpan {
  /** Where the closing bracket stands. */
  close: number;
  end: number;
  address: string;
  href: string;
  title: string | null;
}

const SIGN = /[\\`[\]<]/g;
const BLANKS = /\s*/y;
const ANGLED = /<([^<>\n]*)>/y;
const BARE_STOP = /[\s<>"`\\\p{Cc}]/u;
const TITLE = /"([^"]*)"|'([^']*)'/y;
const BRACKETED = /<([^\s<>]{3,500})>/y;
/** Parentheses in an address, inside each other. */
const PARENTHESES_MAX = 8;

/**
 * The links of a text by the place of their opening bracket. There are none inside of another's text. `escapes`: whether
 * a backslash takes a bracket's meaning.
 */
export function findLinks(text: string, code: CodeSpans, escapes: boolean): ReadonlyMap<number, LinkSpan> {
  const links = new Map<number, LinkSpan>();
  const open: number[] = [];
  SIGN.lastIndex = 0;
  for (let match = SIGN.exec(text); match !== null; match = SIGN.exec(text)) {
    const at = match.index;
    if (match[0] === "[") open.push(at);
    else if (match[0] === "]") {
      const start = open.pop();
      const link = start === undefined ? null : linkSpan(text, at);
      if (start === undefined || link === null) continue;
      links.set(start, link);
      open.length = 0;
      SIGN.lastIndex = link.end;
    } else SIGN.lastIndex = skipped(text, at, code, escapes);
  }
  return links;
}

/** Where to go on behind an escape, code or `<https://…>` that begins at `at`. */
function skipped(text: string, at: number, code: CodeSpans, escapes: boolean): number {
  switch (text.charAt(at)) {
    case "\\":
      return at + (escapes && isPunctuation(text.charAt(at + 1)) ? 2 : 1);
    case "`": {
      const size = runLength(text, at);
      const close = code.closing(size, at + size);
      return close === -1 ? at + size : close + size;
    }
    default:
      return bracketedLink(text, at)?.end ?? at + 1;
  }
}

/** `<https://…>` and `<name@host>` at `at`. */
export function bracketedLink(text: string, at: number): { inner: string; href: string; end: number } | null {
  const inner = matchAt(BRACKETED, text, at)?.[1];
  const href = inner === undefined ? null : bracketedHref(inner);
  return inner === undefined || href === null ? null : { inner, href, end: at + inner.length + 2 };
}

function linkSpan(text: string, close: number): LinkSpan | null {
  if (text.charAt(close + 1) !== "(") return null;
  const start = afterBlanks(text, close + 2);
  const angled = matchAt(ANGLED, text, start);
  const stop = angled === null ? bareEnd(text, start) : start + angled[0].length;
  const address = angled?.[1] ?? text.slice(start, stop);
  const next = afterBlanks(text, stop);
  const title = next > stop ? matchAt(TITLE, text, next) : null;
  const end = title === null ? next : afterBlanks(text, next + title[0].length);
  const words = title?.[1] ?? title?.[2] ?? null;
  if (text.charAt(end) !== ")" || Math.max(address.length, words?.length ?? 0) > ADDRESS_MAX) return null;
  const href = safeHref(address);
  return href === null ? null : { close, end: end + 1, address, href, title: words };
}

function bareEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (const limit = start + ADDRESS_MAX + 1; at < text.length && at < limit; at++) {
    const character = text.charAt(at);
    if (BARE_STOP.test(character) || (character === ")" && depth-- === 0)) break;
    if (character === "(" && ++depth > PARENTHESES_MAX) break;
  }
  return at;
}

function afterBlanks(text: string, at: number): number {
  return at + (matchAt(BLANKS, text, at)?.[0].length ?? 0);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
