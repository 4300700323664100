/**
 * A message's Markdown as data: paragraphs, headings, lists, quotes, code, tables. What is not listed here is plain text,
 * HTML included. `parts/Prose.tsx` makes elements of it; no HTML text is ever inserted.
 *
 * Written for chat: a line break is one, and what is no markup is shown as it was typed. The work grows with the length
 * of the text, and what there is to build is limited (`limits.ts`).
 */

import { type Inline, parseInline } from "./inline";
import { Budget, CHARACTERS_MAX, DEPTH_MAX } from "./limits";
import { isTable, type Table, takeTable } from "./table";

export interface Item {
  /** As it was typed; null: a bullet. */
  number: number | null;
  /** Of a task; null: it is none. */
  done: boolean | null;
  blocks: readonly Block[];
}

export interface List {
  type: "list";
  /** What ends its items' numbers or stands as a bullet. */
  sign: string;
  items: readonly Item[];
}

export type Block =
  | { type: "paragraph"; children: readonly Inline[] }
  | { type: "heading"; level: number; children: readonly Inline[] }
  /** `info`: what was typed behind the opening fence, mostly a language. */
  | { type: "code"; info: string; text: string }
  | { type: "rule" }
  | { type: "quote"; blocks: readonly Block[] }
  | List
  | Table
  /** What is beyond a limit. */
  | { type: "plain"; text: string };

const FENCE = /^( {0,3})(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(?=\S)/;
const UNDERLINE = /^ {0,3}(={3,}|-{3,})[ \t]*$/;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/;
/** Not `>= 5`, `>.<` or `>:(`. */
const QUOTE = /^ {0,3}>(?![=.:;^<]|_[_.<>]) ?/;
/** A number with zeros before it could not be shown as it was typed. */
const ITEM = /^( {0,3})([-*+]|(?:0|[1-9]\d{0,8})[.)])[ \t]+(?=\S)/;
const EMPTY_ITEM = /^( {0,3})([-*+]|(?:0|[1-9]\d{0,8})[.)])[ \t]*$/;
const TASK = /^\[([ xX])\][ \t]+(?=\S)/;
const BLANK = /^[ \t]*$/;

export function parseMarkdown(text: string, budget: Budget = new Budget()): readonly Block[] {
  const typed = text.replace(/\r\n?/g, "\n");
  const end = typed.length > CHARACTERS_MAX ? typed.lastIndexOf("\n", CHARACTERS_MAX) : typed.length;
  const blocks = end > 0 ? parseBlocks(typed.slice(0, end).split("\n"), 0, budget) : [];
  if (end < typed.length) blocks.push({ type: "plain", text: typed.slice(end + 1) });
  return blocks;
}

/** What was taken from the lines, and the first line after it. */
interface Taken {
  block: Block;
  next: number;
}

function parseBlocks(lines: readonly string[], depth: number, budget: Budget): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    if (BLANK.test(lines[at] ?? "")) {
      at++;
      continue;
    }
    const taken = budget.take()
      ? (takeSpecial(lines, at, depth, budget) ?? takeParagraph(lines, at, budget))
      : null;
    const { block, next } = taken ?? rest(lines, at);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function rest(lines: readonly string[], at: number): Taken {
  return { block: { type: "plain", text: lines.slice(at).join("\n") }, next: lines.length };
}

function takeSpecial(lines: readonly string[], at: number, depth: number, budget: Budget): Taken | null {
  const line = lines[at] ?? "";
  if (isFence(lines, at)) return budget.take() ? takeCode(lines, at) : rest(lines, at);
  if (HEADING.test(line)) return takeHeading(line, at, budget);
  if (RULE.test(line)) return { block: { type: "rule" }, next: at + 1 };
  if (isTable(lines, at)) return takeTable(lines, at, budget) ?? rest(lines, at);
  if (depth >= DEPTH_MAX) return null;
  if (QUOTE.test(line)) return takeQuote(lines, at, depth, budget);
  return ITEM.test(line) ? takeList(lines, at, depth, budget) : null;
}

/** Whether a line is more than text. */
function startsBlock(line: string): boolean {
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((sign) => sign.test(line));
}

function takeHeading(line: string, at: number, budget: Budget): Taken {
  const sign = HEADING.exec(line);
  const text = line.slice(sign?.[0].length ?? 0).trimEnd();
  let end = text.length;
  while (text.charAt(end - 1) === "#") end--;
  const isClosed = /[ \t]/.test(text.charAt(end - 1));
  const children = parseInline(isClosed ? text.slice(0, end).trimEnd() : text, budget);
  return { block: { type: "heading", level: sign?.[1]?.length ?? 1, children }, next: at + 1 };
}

/** Lines up to an empty one or to the beginning of something else. A line above `===` or `---` is a heading. */
function takeParagraph(lines: readonly string[], at: number, budget: Budget): Taken {
  const underline = UNDERLINE.exec(lines[at + 1] ?? "")?.[1];
  if (underline !== undefined) {
    const level = underline.startsWith("=") ? 1 : 2;
    const children = parseInline((lines[at] ?? "").trim(), budget);
    return { block: { type: "heading", level, children }, next: at + 2 };
  }
  let next = at + 1;
  while (next < lines.length && !interrupts(lines, next)) next++;
  const text = lines.slice(at, next).join("\n");
  const isMore = (line: string): boolean => startsBlock(line) || UNDERLINE.test(line);
  return { block: { type: "paragraph", children: parseInline(text, budget, isMore) }, next };
}

function interrupts(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  if (BLANK.test(line) || isTable(lines, at)) return true;
  return FENCE.test(line) ? isFence(lines, at) : startsBlock(line);
}

/** Whether code begins here. A fence with nothing behind it is text, and so is one with backticks in its line. */
function isFence(lines: readonly string[], at: number): boolean {
  const [, , fence = "", info = ""] = FENCE.exec(lines[at] ?? "") ?? [];
  if (fence === "" || at + 1 >= lines.length) return false;
  return fence.startsWith("~") || !info.includes("`");
}

/** Up to the closing fence, or to the end when there is none. */
function takeCode(lines: readonly string[], at: number): Taken {
  const [, indent = "", fence = "", info = ""] = FENCE.exec(lines[at] ?? "") ?? [];
  let end = at + 1;
  while (end < lines.length && !closes(lines[end] ?? "", fence)) end++;
  const text = lines.slice(at + 1, end).map((line) => line.slice(blanksBefore(line, indent.length)));
  return { block: { type: "code", info: info.trim(), text: text.join("\n") }, next: end + 1 };
}

function closes(line: string, fence: string): boolean {
  const text = line.trim();
  return text.length >= fence.length && text === fence.charAt(0).repeat(text.length);
}

function takeQuote(lines: readonly string[], at: number, depth: number, budget: Budget): Taken {
  let next = at;
  while (next < lines.length && QUOTE.test(lines[next] ?? "")) next++;
  const inner = lines.slice(at, next).map((line) => line.replace(QUOTE, ""));
  return { block: { type: "quote", blocks: parseBlocks(inner, depth + 1, budget) }, next };
}

function takeList(lines: readonly string[], at: number, depth: number, budget: Budget): Taken {
  const sign = signOf(ITEM.exec(lines[at] ?? ""));
  const items: Item[] = [];
  let next = at;
  for (let begin = at; begin < lines.length; begin = afterBlanks(lines, next)) {
    const line = lines[begin] ?? "";
    const match = ITEM.exec(line) ?? (begin > at ? EMPTY_ITEM.exec(line) : null);
    if (match === null || signOf(match) !== sign || RULE.test(line)) break;
    if (!budget.take())
      return items.length > 0 ? { block: { type: "list", sign, items }, next } : rest(lines, at);
    next = itemEnd(lines, begin, (match[1] ?? "").length + 2);
    items.push(takeItem(lines.slice(begin, next), match, depth, budget));
  }
  return { block: { type: "list", sign, items }, next };
}

/** `-`, `*`, `+`, `.` or `)`: another one begins another list. */
function signOf(match: RegExpExecArray | null): string {
  return (match?.[2] ?? "-").slice(-1);
}

function takeItem(lines: readonly string[], match: RegExpExecArray, depth: number, budget: Budget): Item {
  const [whole = "", , marker = ""] = match;
  const first = (lines[0] ?? "").slice(whole.length);
  const task = TASK.exec(first);
  if (task !== null) budget.take(); // its box
  const inner = [first.slice(task?.[0].length ?? 0)];
  for (const line of lines.slice(1)) inner.push(unindented(line, whole.length));
  return {
    number: /^\d/.test(marker) ? Number.parseInt(marker, 10) : null,
    done: task === null ? null : task[1] !== " ",
    blocks: parseBlocks(inner, depth + 1, budget),
  };
}

/** An item goes on with lines that are indented by `indent`, also after empty ones. */
function itemEnd(lines: readonly string[], at: number, indent: number): number {
  let end = at + 1;
  for (;;) {
    const next = afterBlanks(lines, end);
    if (next >= lines.length || !isIndented(lines[next] ?? "", indent)) return end;
    end = next + 1;
  }
}

function afterBlanks(lines: readonly string[], at: number): number {
  let next = at;
  while (next < lines.length && BLANK.test(lines[next] ?? "")) next++;
  return next;
}

function isIndented(line: string, indent: number): boolean {
  return line.startsWith(" ".repeat(indent)) || /^ *\t/.test(line);
}

/** Without `size` blanks at its beginning, as far as there are, or without one tab. */
function unindented(line: string, size: number): string {
  if (line.startsWith("\t")) return line.slice(1);
  return line.slice(blanksBefore(line, size));
}

function blanksBefore(line: string, most: number): number {
  let count = 0;
  while (count < most && line.charAt(count) === " ") count++;
  return count;
}
