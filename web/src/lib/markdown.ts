/**
 * A message's Markdown as data: paragraphs, lists, quotes, code, tables. What is not listed here is plain text, HTML
 * included. `parts/Prose.tsx` makes elements of it; no HTML text is ever inserted.
 */

import { type Inline, parseInline } from "./inline";

export type Block =
  | { type: "paragraph" | "heading"; children: readonly Inline[] }
  | { type: "code"; text: string }
  | { type: "rule" }
  | { type: "quote"; blocks: readonly Block[] }
  | { type: "list"; start: number | null; items: readonly (readonly Block[])[] }
  | {
      type: "table";
      head: readonly (readonly Inline[])[];
      rows: readonly (readonly (readonly Inline[])[])[];
    };

/** Longer texts are shown as they are: nothing that a person wrote is that long. */
const MARKDOWN_MAX = 40_000;
/** Lists and quotes inside each other, at most this deep. */
const DEPTH_MAX = 6;

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}#{1,6}[ \t]+(\S.*)$/;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +)(?=\S)/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const BLANK = /^\s*$/;

export function parseMarkdown(text: string): readonly Block[] {
  if (text.length > MARKDOWN_MAX) return [{ type: "paragraph", children: [text] }];
  return parseBlocks(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);
}

/** What was taken from the lines, and the first line after it. */
interface Taken {
  block: Block;
  next: number;
}

function parseBlocks(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; ) {
    if (BLANK.test(lines[i] ?? "")) {
      i++;
      continue;
    }
    const { block, next } = takeSpecial(lines, i, depth) ?? takeParagraph(lines, i);
    blocks.push(block);
    i = next;
  }
  return blocks;
}

function takeSpecial(lines: readonly string[], at: number, depth: number): Taken | null {
  const line = lines[at] ?? "";
  if (FENCE.test(line)) return takeCode(lines, at);
  const heading = HEADING.exec(line)?.[1];
  if (heading !== undefined) return inlineBlock("heading", heading.replace(/[ \t]+#+[ \t]*$/, ""), at + 1);
  if (RULE.test(line)) return { block: { type: "rule" }, next: at + 1 };
  if (line.includes("|") && isTable(lines, at)) return takeTable(lines, at);
  if (depth >= DEPTH_MAX) return null;
  if (QUOTE.test(line)) return takeQuote(lines, at, depth);
  return ITEM.test(line) ? takeList(lines, at, depth) : null;
}

function inlineBlock(type: "paragraph" | "heading", text: string, next: number): Taken {
  return { block: { type, children: parseInline(text.trim()) }, next };
}

/** Lines up to an empty one or to the beginning of something else. */
function takeParagraph(lines: readonly string[], at: number): Taken {
  let next = at + 1;
  while (next < lines.length && !interrupts(lines, next)) next++;
  const text = lines
    .slice(at, next)
    .map((line) => line.trim())
    .join("\n");
  return inlineBlock("paragraph", text, next);
}

function interrupts(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  return [BLANK, FENCE, HEADING, RULE, QUOTE, ITEM].some((sign) => sign.test(line)) || isTable(lines, at);
}

/** Up to the closing fence, or to the end when there is none. */
function takeCode(lines: readonly string[], at: number): Taken {
  const fence = FENCE.exec(lines[at] ?? "")?.[1] ?? "```";
  let end = at + 1;
  while (end < lines.length && !closes(lines[end] ?? "", fence)) end++;
  return { block: { type: "code", text: lines.slice(at + 1, end).join("\n") }, next: end + 1 };
}

function closes(line: string, fence: string): boolean {
  const text = line.trim();
  return text.length >= fence.length && text === fence.charAt(0).repeat(text.length);
}

function takeQuote(lines: readonly string[], at: number, depth: number): Taken {
  let next = at;
  while (next < lines.length && QUOTE.test(lines[next] ?? "")) next++;
  const inner = lines.slice(at, next).map((line) => line.replace(QUOTE, ""));
  return { block: { type: "quote", blocks: parseBlocks(inner, depth + 1) }, next };
}

function takeList(lines: readonly string[], at: number, depth: number): Taken {
  const first = ITEM.exec(lines[at] ?? "")?.[2] ?? "-";
  const ordered = /\d/.test(first);
  const items: Block[][] = [];
  let next = at;
  while (next < lines.length) {
    const match = ITEM.exec(lines[next] ?? "");
    const sign = match?.[2] ?? "";
    if (match === null || sign.slice(-1) !== first.slice(-1) || RULE.test(lines[next] ?? "")) break;
    const end = itemEnd(lines, next);
    const inner = [(lines[next] ?? "").slice(match[0].length)];
    const indent = Math.min(4, match[0].length);
    for (const line of lines.slice(next + 1, end)) inner.push(unindent(line, indent));
    items.push(parseBlocks(inner, depth + 1));
    next = end;
  }
  return { block: { type: "list", start: ordered ? Number.parseInt(first, 10) : null, items }, next };
}

/** An item goes on with indented lines, also after an empty one; items may have an empty line between them. */
function itemEnd(lines: readonly string[], at: number): number {
  let next = at + 1;
  while (next < lines.length) {
    const line = lines[next] ?? "";
    if (BLANK.test(line)) {
      const after = lines[next + 1] ?? "";
      if (!/^ {2,}\S/.test(after) && !ITEM.test(after)) return next;
    } else if (!/^ {2,}/.test(line)) return next;
    next++;
  }
  return next;
}

function unindent(line: string, size: number): string {
  let cut = 0;
  while (cut < size && line.charAt(cut) === " ") cut++;
  return line.slice(cut);
}

function isTable(lines: readonly string[], at: number): boolean {
  const rule = lines[at + 1] ?? "";
  return (lines[at] ?? "").includes("|") && rule.includes("|") && TABLE_RULE.test(rule);
}

function takeTable(lines: readonly string[], at: number): Taken {
  const head = cells(lines[at] ?? "");
  const rows: Inline[][][] = [];
  let next = at + 2;
  while (next < lines.length && (lines[next] ?? "").includes("|")) {
    const row = cells(lines[next] ?? "");
    rows.push(head.map((_, column) => row[column] ?? []));
    next++;
  }
  return { block: { type: "table", head, rows }, next };
}

function cells(line: string): Inline[][] {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => parseInline(cell.trim()));
}
