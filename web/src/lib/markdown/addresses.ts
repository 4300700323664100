/** Addresses of links: which are safe, and where one that stands in a text begins and ends. */

import { characterAt, characterBefore, isUnspaced, isWord } from "./characters";

const SCHEME = /^(?:https?:|mailto:)/i;
const WWW = /^www\./i;

const START = /(?:https?:\/\/|www\.)/iy;
const HOST = /(?:[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]{0,252}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5}(?!\d))?/iuy;
/** What looked like a host was a user's name: `https://example.org@elsewhere.example`. */
const USER = /(?::[^\s/@]{0,100})?@/y;
const DOMAIN = /^www\.[^.]+\.[^.]/i;
const MAIL = /^[^\s@:]+@[^\s@:.]+(?:\.[^\s@:.]+)+$/;

/** Ends an address wherever it stands: blanks, quotes, controls, and what separates sentences outside of ASCII. */
const STOP = /[\s"<>`|\\\p{C}\u2014\u2015]/u;
const STOP_WIDE = /[\p{Ps}\p{Pe}\p{Pi}\p{Terminal_Punctuation}\p{Quotation_Mark}]/u;
/** Joiners belong to words of Persian and of Indian scripts. */
const JOINER = /[\u200c\u200d]/;
const APOSTROPHE = "\u2019";
/** Belongs to the sentence when it stands at an address's end. */
const TRAILING = /[!'*,.:;?_~([{]|(?![\0-\x7f])\p{P}/u;

const CLOSING: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** The address of a link that may leave this page: to the web or to a mail program. null: it may not. */
export function safeHref(address: string): string | null {
  const full = WWW.test(address) ? `https://${address}` : address;
  if (!SCHEME.test(full)) return null;
  try {
    return new URL(full).href;
  } catch {
    return null;
  }
}

/** For `<https://…>` and `<name@host>`, without the brackets. */
export function bracketedHref(inner: string): string | null {
  if (SCHEME.test(inner)) return safeHref(inner);
  return MAIL.test(inner) ? safeHref(`mailto:${inner}`) : null;
}

/** Where the address that begins at `at` ends; `at`: there is none. `to`: where the text ends. */
export function addressEnd(text: string, at: number, to: number): number {
  if (/[a-z0-9]/i.test(text.charAt(at - 1))) return at;
  START.lastIndex = at;
  const start = START.exec(text)?.[0] ?? "";
  const bare = start.endsWith(".");
  if (bare && /[./@:_-]/.test(text.charAt(at - 1))) return at;
  const host = bare ? at : at + start.length;
  const hostEnd = endOfHost(text, host);
  if (hostEnd === host || hostEnd > to || (bare && !DOMAIN.test(text.slice(at, hostEnd)))) return at;
  USER.lastIndex = hostEnd;
  if (USER.test(text)) return at;
  return trimmed(text, at, /[/?#]/.test(text.charAt(hostEnd)) ? endOfPath(text, hostEnd, to) : hostEnd);
}

function endOfHost(text: string, at: number): number {
  HOST.lastIndex = at;
  const host = HOST.exec(text)?.[0] ?? "";
  // No top-level domain begins in ASCII and goes on in Chinese: that is the sentence's next word.
  const last = host.lastIndexOf(".") + 1;
  const ascii = /^[a-z0-9-]+/i.exec(host.slice(last))?.[0].length ?? 0;
  const mixed = ascii > 0 && isUnspaced(characterAt(host, last + ascii));
  return at + (mixed ? last + ascii : host.length);
}

function endOfPath(text: string, from: number, to: number): number {
  const open: Record<string, number> = {};
  let at = from;
  while (at < to) {
    const character = characterAt(text, at);
    if (character > "\x7f" ? stopsWide(text, at, character) : STOP.test(character)) break;
    const opening = CLOSING[character];
    if (opening !== undefined && !open[opening]) break;
    if (opening !== undefined) open[opening] = (open[opening] ?? 0) - 1;
    if ("([{".includes(character)) open[character] = (open[character] ?? 0) + 1;
    at += character.length;
  }
  return at;
}

function stopsWide(text: string, at: number, character: string): boolean {
  if (JOINER.test(character)) return false;
  if (character === APOSTROPHE) return !isWord(characterAt(text, at + 1));
  return STOP.test(character) || STOP_WIDE.test(character);
}

function trimmed(text: string, at: number, to: number): number {
  let end = to;
  for (;;) {
    const character = characterBefore(text, end);
    if (end <= at || !TRAILING.test(character)) return end;
    end -= character.length;
  }
}
