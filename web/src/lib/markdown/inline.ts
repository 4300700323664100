/**
 * The inline half of a message's Markdown: emphasis, code and links.
 *
 * The result is data, never HTML, so nothing that a person writes can become an element that is not listed here.
 * A sign without its partner is plain text.
 */

import { addressEnd, safeHref } from "./addresses";
import { isPunctuation, runLength } from "./characters";
import { EmphasisStack, type EmphasisType } from "./emphasis";
import { effectiveEscapes } from "./escapes";
import { ADDRESS_MAX, Budget } from "./limits";
import { bracketedLink, CodeSpans, findLinks, type LinkSpan } from "./spans";

export type Inline =
  | string
  | { type: "code"; text: string }
  | { type: "link"; href: string; title: string | null; children: readonly Inline[] }
  | { type: EmphasisType; children: readonly Inline[] };

const SPECIAL = /[\\`*_~[!<]|https?:\/\/|www\./gi;

/**
 * Elements are taken from `budget`; when it has none left, the rest is plain text. `startsBlock` says of a line whether
 * it would be more than text where this stands: a backslash that prevents that is not shown.
 */
export function parseInline(
  text: string,
  budget: Budget,
  startsBlock: (line: string) => boolean = () => false,
): Inline[] {
  const escapes = effectiveEscapes(text, startsBlock, (bare, markup) => {
    const onMarkup = (from: number, to: number) => markup.fill(1, from, to);
    new Scanner(bare, new Budget(Number.POSITIVE_INFINITY), null, onMarkup).scan(0, bare.length);
  });
  return new Scanner(text, budget, escapes, () => {}).scan(0, text.length);
}

class Scanner {
  readonly #text: string;
  readonly #budget: Budget;
  /** Where backslashes stand that are not shown. null: a backslash means nothing. */
  readonly #escapes: ReadonlySet<number> | null;
  readonly #onMarkup: (from: number, to: number) => void;
  readonly #code: CodeSpans;
  readonly #links: ReadonlyMap<number, LinkSpan>;

  constructor(
    text: string,
    budget: Budget,
    escapes: ReadonlySet<number> | null,
    onMarkup: (from: number, to: number) => void,
  ) {
    this.#text = text;
    this.#budget = budget;
    this.#escapes = escapes;
    this.#onMarkup = onMarkup;
    this.#code = new CodeSpans(text);
    this.#links = text.includes("](") ? findLinks(text, this.#code, escapes !== null) : new Map();
  }

  /** `inLink`: this is a link's text, in which there is no other. */
  scan(from: number, to: number, inLink = false): Inline[] {
    const out = new EmphasisStack(this.#text, this.#budget, this.#onMarkup);
    let at = from;
    while (at < to && !this.#budget.isUsedUp) {
      SPECIAL.lastIndex = at;
      const next = Math.min(to, SPECIAL.exec(this.#text)?.index ?? to);
      out.add(this.#text.slice(at, next));
      at = next < to ? this.#special(out, next, to, inLink) : to;
    }
    out.add(this.#text.slice(at, to));
    return out.finish();
  }

  /** Take what begins at `at`, or some of it as text. Returns where to go on. */
  #special(out: EmphasisStack, at: number, to: number, inLink: boolean): number {
    const character = this.#text.charAt(at);
    switch (character) {
      case "\\":
        return this.#backslash(out, at, inLink);
      case "`":
        return this.#codeSpan(out, at, to);
      case "*":
      case "_":
      case "~": {
        const count = runLength(this.#text, at, to);
        out.addRun(at, count);
        return at + count;
      }
      case "[":
      case "!":
        return inLink ? this.#plain(out, at, at + 1) : this.#link(out, at);
      case "<":
        return inLink ? this.#plain(out, at, at + 1) : this.#bracketed(out, at);
      default:
        return this.#address(out, at, to, inLink);
    }
  }

  #plain(out: EmphasisStack, at: number, end: number): number {
    out.add(this.#text.slice(at, end));
    return end;
  }

  #backslash(out: EmphasisStack, at: number, inLink: boolean): number {
    const next = this.#text.charAt(at + 1);
    if (this.#escapes === null || !isPunctuation(next)) return this.#plain(out, at, at + 1);
    // A bracket in a link's text would have ended it.
    const isNeeded = this.#escapes.has(at) || (inLink && (next === "[" || next === "]"));
    return this.#plain(out, isNeeded ? at + 1 : at, at + 2);
  }

  #codeSpan(out: EmphasisStack, at: number, to: number): number {
    const size = runLength(this.#text, at, to);
    const close = this.#code.closing(size, at + size);
    if (close === -1 || close + size > to || !this.#budget.take()) return this.#plain(out, at, at + size);
    const inner = this.#text.slice(at + size, close);
    // So that code may begin or end with a backtick.
    const padded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
    out.add({ type: "code", text: padded ? inner.slice(1, -1) : inner });
    this.#onMarkup(at, at + size);
    this.#onMarkup(close, close + size);
    return close + size;
  }

  /** `[text](address)`; `![text](address)` is a link as well: no picture is loaded from elsewhere. */
  #link(out: EmphasisStack, at: number): number {
    const open = this.#text.charAt(at) === "!" ? at + 1 : at;
    const link = this.#links.get(open);
    if (link === undefined || !this.#budget.take()) return this.#plain(out, at, at + 1);
    const { close, end, href, title } = link;
    const isBlank = this.#text.slice(open + 1, close).trim() === "";
    const children = isBlank ? [link.address] : this.scan(open + 1, close, true);
    out.add({ type: "link", href, title, children });
    this.#onMarkup(at, open + 1);
    this.#onMarkup(close, end);
    return end;
  }

  /** `<https://…>` and `<name@host>` */
  #bracketed(out: EmphasisStack, at: number): number {
    const link = bracketedLink(this.#text, at);
    if (link === null || !this.#budget.take()) return this.#plain(out, at, at + 1);
    out.add({ type: "link", href: link.href, title: null, children: [link.inner] });
    this.#onMarkup(at, at + 1);
    return link.end;
  }

  /** An address that stands in the text. */
  #address(out: EmphasisStack, at: number, to: number, inLink: boolean): number {
    const end = addressEnd(this.#text, at, to);
    const address = this.#text.slice(at, end);
    const href = inLink || address.length > ADDRESS_MAX ? null : safeHref(address);
    if (href === null || !this.#budget.take()) return this.#plain(out, at, Math.max(end, at + 1));
    out.add({ type: "link", href, title: null, children: [address] });
    return end;
  }
}
