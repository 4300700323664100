/** Tables: a line of heads, a line of dashes, and lines with bars between their cells. */

import { type Inline, parseInline } from "./inline";
import { type Budget, COLUMNS_MAX } from "./limits";

export type Align = "left" | "center" | "right" | null;
export type Cell = readonly Inline[];

export interface Table {
  type: "table";
  /** Of each column of the head. */
  align: readonly Align[];
  head: readonly Cell[];
  /** A row may have more cells than the head. */
  rows: readonly (readonly Cell[])[];
}

/** Elements of a table besides its cells and its body's rows: the head, its row, the body, and what scrolls. */
const PARTS = 4;
const DASHES = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*(?:\|[ \t]*)?$/;

/** Whether a table begins in line `at`: its head has as many cells as there are dashes. */
export function isTable(lines: readonly string[], at: number): boolean {
  const head = lines[at] ?? "";
  const dashes = lines[at + 1] ?? "";
  if (!head.includes("|") || !dashes.includes("|") || !DASHES.test(dashes)) return false;
  const columns = split(dashes).length;
  return columns <= COLUMNS_MAX && split(head).length === columns;
}

/** The table that begins in line `at`, and the first line after it. null: not even its head may be built. */
export function takeTable(
  lines: readonly string[],
  at: number,
  budget: Budget,
): { block: Table; next: number } | null {
  const align = split(lines[at + 1] ?? "").map(alignOf);
  if (!budget.take(align.length + PARTS)) return null;
  const head = split(lines[at] ?? "").map((cell) => parseInline(cell, budget));
  const rows: Cell[][] = [];
  let next = at + 2;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    if (!line.includes("|")) break;
    const cells = split(line);
    while (cells.length < align.length) cells.push("");
    if (!budget.take(cells.length + 1)) break;
    rows.push(cells.map((cell) => parseInline(cell, budget)));
  }
  return { block: { type: "table", align, head, rows }, next };
}

/** The texts of a line's cells, at most `COLUMNS_MAX` + 1: the last has all that is left. */
function split(line: string): string[] {
  const inner = line.trim();
  const cells: string[] = [];
  let start = inner.startsWith("|") ? 1 : 0;
  for (let at = start; at < inner.length && cells.length < COLUMNS_MAX; at++) {
    if (inner[at] === "\\") at++;
    else if (inner[at] === "|") {
      cells.push(inner.slice(start, at));
      start = at + 1;
    }
  }
  if (start < inner.length) cells.push(inner.slice(start));
  return cells.map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

function alignOf(dashes: string): Align {
  const left = dashes.startsWith(":");
  const right = dashes.endsWith(":");
  if (left && right) return "center";
  if (right) return "right";
  return left ? "left" : null;
}
