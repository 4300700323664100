/**
 * The inline half of a message's Markdown: emphasis, code, links and line breaks.
 *
 * The result is data, never HTML, so nothing that a person writes can become an element that is not listed here.
 * A sign without its partner is plain text. The work grows with the length of the text, whatever it holds.
 */

export type Inline =
  | string
  | { type: "break" }
  | { type: "code"; text: string }
  | { type: "link"; href: string; children: readonly Inline[] }
  | { type: "strong" | "em" | "del"; children: readonly Inline[] };

/** Marks inside marks, at most this deep; deeper ones are plain text. */
const DEPTH_MAX = 8;
/** A link's text or address longer than this is plain text. */
const LINK_MAX = 2_000;

const MARKS: Readonly<Record<string, "strong" | "em" | "del">> = {
  "**": "strong",
  __: "strong",
  "*": "em",
  _: "em",
  "~~": "del",
};

const SPECIAL = /[\\`*_~[!<\n]|https?:\/\//gi;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const WORD = /[a-z0-9]/i;

/** The address of a link that may leave this page: to the web or to a mail program. null: it may not. */
export function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function parseInline(text: string, depth = 0): Inline[] {
  return new Scanner(text, depth).scan();
}

class Scanner {
  readonly #text: string;
  readonly #depth: number;
  readonly #out: Inline[] = [];
  #plain = "";
  #at = 0;
  /** Marks that have no partner in the rest of the text: no need to look again. */
  readonly #hopeless = new Set<string>();

  constructor(text: string, depth: number) {
    this.#text = text;
    this.#depth = depth;
  }

  scan(): Inline[] {
    const text = this.#text;
    while (this.#at < text.length) {
      SPECIAL.lastIndex = this.#at;
      const next = SPECIAL.exec(text)?.index ?? text.length;
      this.#plain += text.slice(this.#at, next);
      this.#at = next;
      if (next < text.length && !this.#special(text.charAt(next))) {
        this.#plain += text.charAt(next);
        this.#at = next + 1;
      }
    }
    this.#flush();
    return this.#out;
  }

  /** Take what begins here, or nothing: then the character is plain text. */
  #special(char: string): boolean {
    switch (char) {
      case "\\":
        return this.#escape();
      case "\n":
        return this.#push({ type: "break" }, this.#at + 1);
      case "`":
        return this.#code();
      case "[":
        return this.#link(this.#at);
      case "!":
        return this.#text.charAt(this.#at + 1) === "[" && this.#link(this.#at + 1);
      case "<":
        return this.#bracketed();
      case "*":
      case "_":
      case "~":
        return this.#mark(char);
      default:
        return this.#address();
    }
  }

  #flush(): void {
    if (this.#plain !== "") this.#out.push(this.#plain);
    this.#plain = "";
  }

  #push(node: Inline, end: number): true {
    this.#flush();
    this.#out.push(node);
    this.#at = end;
    return true;
  }

  #escape(): boolean {
    const next = this.#text.charAt(this.#at + 1);
    if (!PUNCTUATION.test(next)) return false;
    this.#plain += next;
    this.#at += 2;
    return true;
  }

  #code(): boolean {
    const start = this.#at;
    const size = runLength(this.#text, start);
    const end = this.#hopeless.has(`code ${size}`) ? -1 : findRun(this.#text, "`", size, start + size);
    if (end === -1) {
      this.#hopeless.add(`code ${size}`);
      this.#plain += this.#text.slice(start, start + size);
      this.#at = start + size;
      return true;
    }
    const inner = this.#text.slice(start + size, end).replace(/\n/g, " ");
    const text = /^ .*[^ ].* $/.test(inner) ? inner.slice(1, -1) : inner;
    return this.#push({ type: "code", text }, end + size);
  }

  #mark(char: string): boolean {
    const text = this.#text;
    const run = runLength(text, this.#at);
    const mark = char.repeat(Math.min(run, 2));
    const kind = MARKS[mark];
    const before = text.charAt(this.#at - 1);
    const after = text.charAt(this.#at + mark.length);
    const opens = kind !== undefined && run <= 3 && /\S/.test(after) && !WORD.test(before);
    const end = opens && this.#depth < DEPTH_MAX ? this.#closing(mark) : -1;
    if (kind === undefined || end === -1) {
      this.#plain += text.slice(this.#at, this.#at + run);
      this.#at += run;
      return true;
    }
    const children = parseInline(text.slice(this.#at + mark.length, end), this.#depth + 1);
    return this.#push({ type: kind, children }, end + mark.length);
  }

  /** Where the mark that begins here ends, -1: nowhere. */
  #closing(mark: string): number {
    if (this.#hopeless.has(mark)) return -1;
    const text = this.#text;
    const char = mark.charAt(0);
    for (let i = this.#at + mark.length; i < text.length; i++) {
      const here = text.charAt(i);
      if (here === "\\") i++;
      else if (here === "`") i = skipCode(text, i);
      else if (here === char) {
        const run = runLength(text, i);
        const fits = mark.length === 2 ? run >= 2 : run === 1 || run === 3;
        const closes = /\S/.test(text.charAt(i - 1)) && !WORD.test(text.charAt(i + run));
        if (fits && closes && i > this.#at + mark.length) return i + run - mark.length;
        i += run - 1;
      }
    }
    this.#hopeless.add(mark);
    return -1;
  }

  /** `[text](address)`; `![text](address)` is a link as well: no picture is loaded from elsewhere. */
  #link(open: number): boolean {
    const text = this.#text;
    const close = closingBracket(text, open);
    if (close === -1 || text.charAt(close + 1) !== "(" || this.#depth >= DEPTH_MAX) return false;
    const rest = text.slice(close + 2, close + 2 + LINK_MAX);
    const match = /^\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/.exec(rest);
    const href = match?.[1] === undefined ? null : safeHref(match[1]);
    if (match === null || href === null) return false;
    const label = text.slice(open + 1, close) || (match[1] ?? "");
    const children = withoutLinks(parseInline(label, this.#depth + 1));
    return this.#push({ type: "link", href, children }, close + 2 + match[0].length);
  }

  /** `<https://…>` and `<name@host>` */
  #bracketed(): boolean {
    const match = /^<([^\s<>]{3,500})>/.exec(this.#text.slice(this.#at, this.#at + 502));
    const inner = match?.[1];
    if (inner === undefined) return false;
    const mail = /^[^\s@:]+@[^\s@:]+\.[^\s@:]+$/.test(inner);
    const href = safeHref(mail ? `mailto:${inner}` : inner);
    return (
      href !== null && this.#push({ type: "link", href, children: [inner] }, this.#at + inner.length + 2)
    );
  }

  /** An address that stands in the text. Punctuation at its end belongs to the sentence. */
  #address(): boolean {
    if (WORD.test(this.#text.charAt(this.#at - 1))) return false;
    const run = /^https?:\/\/[^\s<>"`]+/i.exec(this.#text.slice(this.#at, this.#at + LINK_MAX))?.[0] ?? "";
    const address = trimAddress(run);
    const href = safeHref(address);
    return (
      href !== null && this.#push({ type: "link", href, children: [address] }, this.#at + address.length)
    );
  }
}

function runLength(text: string, at: number): number {
  const char = text.charAt(at);
  let end = at + 1;
  while (text.charAt(end) === char) end++;
  return end - at;
}

/** The next run of exactly `size` of `char`, -1: none. */
function findRun(text: string, char: string, size: number, from: number): number {
  for (let i = text.indexOf(char, from); i !== -1; ) {
    const run = runLength(text, i);
    if (run === size) return i;
    i = text.indexOf(char, i + run);
  }
  return -1;
}

/** The last character of the code that begins at `at`, or of its sign when it has no end nearby. */
function skipCode(text: string, at: number): number {
  const size = runLength(text, at);
  const end = findRun(text.slice(0, at + LINK_MAX), "`", size, at + size);
  return (end === -1 ? at : end) + size - 1;
}

function closingBracket(text: string, open: number): number {
  let depth = 0;
  const end = Math.min(text.length, open + LINK_MAX);
  for (let i = open; i < end; i++) {
    const char = text.charAt(i);
    if (char === "\\") i++;
    else if (char === "[") depth++;
    else if (char === "]" && --depth === 0) return i;
  }
  return -1;
}

function trimAddress(run: string): string {
  let address = run;
  for (;;) {
    const shorter = address.replace(/[.,:;!?'*_~\]]+$/, "");
    const unbalanced = shorter.endsWith(")") && !shorter.includes("(") ? shorter.slice(0, -1) : shorter;
    if (unbalanced === address) return address;
    address = unbalanced;
  }
}

/** A link inside a link's text is only its text. */
function withoutLinks(nodes: readonly Inline[]): Inline[] {
  return nodes.flatMap((node) => (typeof node === "object" && node.type === "link" ? node.children : [node]));
}
