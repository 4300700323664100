import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Block, parseMarkdown } from "../../src/lib/markdown";
import { safeHref } from "../../src/lib/markdown/addresses";
import type { Inline } from "../../src/lib/markdown/inline";
import { markdownText } from "./generators";
import { render } from "./rendering";

/*
 * What is shown is what was typed, markup aside. That is, walking through both from the beginning and minding no blanks:
 *
 * - each character that is shown stands in what was typed, in the same order (numbers of items, boxes of tasks, names of
 *   languages and titles of links count as shown);
 * - what is left out of what was typed consists of the signs of MARKUP. No letter, digit, symbol or picture is ever left
 *   out; an address is only in brackets behind a link's text, and is where that link leads.
 *
 * Blanks are compared for themselves: in a line, only code and links may take any.
 */
const MARKUP = /[*_~`#>|:\-=+[\]()!<\\"'\s]/;

/** What is shown, one after the other: texts, and where the link leads whose text stands before. */
type Shown = string | { href: string; label: string };
/** `x` or `X`, of a task. */
const DONE = "\u{f0000}";

function shownBlocks(blocks: readonly Block[]): Shown[] {
  return blocks.flatMap(shownBlock);
}

function shownBlock(block: Block): Shown[] {
  switch (block.type) {
    case "paragraph":
    case "heading":
      return shownInline(block.children);
    case "code":
      return [block.info, block.text];
    case "plain":
      return [block.text];
    case "rule":
      return [];
    case "quote":
      return shownBlocks(block.blocks);
    case "list":
      return block.items.flatMap(({ number, done, blocks }) => [
        number === null ? "" : `${number}${block.sign}`,
        done ? DONE : "",
        ...shownBlocks(blocks),
      ]);
    case "table":
      return [block.head, ...block.rows].flatMap((row) => row.flatMap(shownInline));
  }
}

function shownInline(nodes: readonly Inline[]): Shown[] {
  return nodes.flatMap((node): Shown[] => {
    if (typeof node === "string") return [node];
    if (node.type === "code") return [node.text];
    const inner = shownInline(node.children);
    if (node.type !== "link") return inner;
    const label = inner.filter((part) => typeof part === "string").join("");
    return [...inner, { href: node.href, label }, node.title ?? ""];
  });
}

/** Whether `typed` from `at` on is what is shown from `index` on, markup aside. */
function isTyped(typed: string, at: number, shown: readonly Shown[], index: number): boolean {
  let here = at;
  for (let next = index; next < shown.length; next++) {
    const part = shown[next] ?? "";
    if (typeof part === "object") {
      const end = addressEnd(typed, here, part.href);
      if (end !== null && isTyped(typed, end, shown, next + 1)) return true;
      const own = /^[^\s@:]+@/.test(part.label) ? `mailto:${part.label}` : part.label;
      if (safeHref(own) !== part.href) return false;
      continue;
    }
    for (const character of part.replace(/\s/g, "")) {
      const found = afterMarkup(typed, here, character);
      if (found === null) return false;
      here = found;
    }
  }
  return afterMarkup(typed, here, null) !== null;
}

/** Skip markup up to `character`, and return where that ends; null: something else stands there, too. */
function afterMarkup(typed: string, from: number, character: string | null): number | null {
  for (let at = from; at < typed.length; ) {
    const here = String.fromCodePoint(typed.codePointAt(at) ?? 0);
    if (here === character || (character === DONE && /x/i.test(here))) return at + here.length;
    if (!MARKUP.test(here)) return null;
    at += here.length;
  }
  return character === null ? typed.length : null;
}

/** Where `](address` ends when it leads to `href`; null: this is not what stands at `at`, signs of the text's end aside. */
function addressEnd(typed: string, at: number, href: string): number | null {
  const open = /^[*_~`\\[\]\s]*?\]\(\s*<?/.exec(typed.slice(at))?.[0];
  if (open === undefined) return null;
  const start = at + open.length;
  for (let end = Math.min(typed.length, start + 100); end > start; end--) {
    if (safeHref(typed.slice(start, end)) === href && /^[\s>)]/.test(typed.slice(end))) return end;
  }
  return null;
}

function expectTyped(text: string): void {
  const typed = text.replace(/\r\n?/g, "\n");
  const shown = shownBlocks(parseMarkdown(text));
  expect(isTyped(typed, 0, shown, 0), `${JSON.stringify(typed)} is shown as ${JSON.stringify(shown)}`).toBe(
    true,
  );
}

describe("what is shown", { timeout: 60_000 }, () => {
  it("is what was typed, markup aside", () => {
    fc.assert(fc.property(markdownText(), expectTyped), { numRuns: 3_000 });
  });

  it("is what was typed beyond the limits, too", () => {
    const long = fc.array(markdownText(), { minLength: 100, maxLength: 200 });
    fc.assert(
      fc.property(long, (parts) => expectTyped(`${parts.join("\n")}\n`.repeat(6))),
      { numRuns: 10 },
    );
  });

  it("is exactly what was typed when there is no sign of markup in it", () => {
    const plain = fc
      .string({ unit: "binary", maxLength: 80 })
      .map((text) => text.replace(/[*_~`#>|\-=+[<\\\r\n.)]|https?:|www/gi, "").trim());
    fc.assert(
      fc.property(plain, (text) => {
        expect(render(text).textContent).toBe(text);
      }),
    );
  });

  it("has the blanks that were typed", () => {
    const parts = fc.constantFrom(
      "*",
      "**",
      "_",
      "~~",
      "\\*",
      "<",
      "[",
      "]",
      " ",
      "  ",
      "\t",
      "\n",
      "a",
      "б",
      "字",
      "1",
      ".",
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 20 }), (array) => {
        const typed = `a${array.join("").replace(/\n[\n\t ]+/g, "\n")}b`;
        const blocks = parseMarkdown(typed);
        fc.pre(blocks.length === 1 && blocks[0]?.type === "paragraph");
        expect(pageText(blocks).replace(/\S/g, "")).toBe(typed.replace(/\S/g, ""));
      }),
      { numRuns: 500 },
    );
  });

  it("has every backslash when nothing would be markup without them", () => {
    const parts = fc.constantFrom(..."\\_*.[aб字1/( ", "\\\\", "\\_", "\\*", "\\.");
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (array) => {
        const typed = `a${array.join("")}a`;
        const pair = /\\([!-/:-@[-`{-~])/g;
        const withoutThem = typed.replace(pair, "$1").replaceAll("\\", "/");
        fc.pre(isPlain(withoutThem) && isPlain(typed.replace(pair, "//")));
        expect(parseMarkdown(typed)).toEqual([{ type: "paragraph", children: [typed] }]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is in the page as it is in the data", () => {
    fc.assert(
      fc.property(markdownText(), (text) => {
        expect(render(text).textContent).toBe(pageText(parseMarkdown(text)));
      }),
      { numRuns: 300 },
    );
  });
});

function isPlain(text: string): boolean {
  const [only, ...others] = parseMarkdown(text);
  return (
    others.length === 0 &&
    only?.type === "paragraph" &&
    only.children.every((node) => typeof node === "string")
  );
}

/** The text of a page that shows `blocks`. */
function pageText(blocks: readonly Block[]): string {
  return blocks.map(textOfBlock).join("");
}

function textOfBlock(block: Block): string {
  switch (block.type) {
    case "paragraph":
    case "heading":
      return textOf(block.children);
    case "code":
    case "plain":
      return block.text;
    case "rule":
      return "";
    case "quote":
      return pageText(block.blocks);
    case "list":
      return block.items.map((item) => pageText(item.blocks)).join("");
    case "table":
      return [block.head, ...block.rows].flatMap((row) => row.map(textOf)).join("");
  }
}

function textOf(nodes: readonly Inline[]): string {
  return nodes
    .map((node) =>
      typeof node === "string" ? node : node.type === "code" ? node.text : textOf(node.children),
    )
    .join("");
}
