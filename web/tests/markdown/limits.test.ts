import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMarkdown } from "../../src/lib/markdown";
import { Budget, CHARACTERS_MAX, COLUMNS_MAX, DEPTH_MAX, ELEMENTS_MAX } from "../../src/lib/markdown/limits";
import { repetitions } from "./generators";
import { HOSTILE } from "./hostile";
import { render } from "./rendering";

/** The server's default limit of a message. */
const MESSAGE = 16_384;

function count(element: HTMLElement, selector: string): number {
  return element.querySelectorAll(selector).length;
}

/** How many elements contain an element of `name`, at most. */
function depth(element: HTMLElement, name: string): number {
  return Math.max(
    0,
    ...Array.from(element.querySelectorAll(name), (inner) => {
      let around = 0;
      for (let at: Element | null = inner; at !== null; at = at.parentElement)
        if (at.tagName === inner.tagName) around++;
      return around;
    }),
  );
}

describe("a message", { timeout: 60_000 }, () => {
  it.each(Object.entries(HOSTILE))("of %s has a bounded number of elements", (_, text) => {
    // Beyond it are paragraphs of plain text, at most one for each container that was open.
    expect(count(render(text(MESSAGE)), "*")).toBeLessThanOrEqual(ELEMENTS_MAX + 10);
  });

  it("beyond the limit is plain text", () => {
    const element = render("**a** `b`\n\n".repeat(1_000));
    expect(element.textContent).toContain("\n\n**a** `b`\n\n**a** `b`");
    expect(element.textContent?.match(/a/g)?.length).toBe(1_000);
    expect(element.textContent?.match(/b/g)?.length).toBe(1_000);
  });

  it("in one paragraph, too", () => {
    const element = render("*a* ".repeat(2_000));
    expect(count(element, "em")).toBe(ELEMENTS_MAX - 1);
    expect(element.textContent?.endsWith("*a* *a* ")).toBe(true);
  });

  it("that is too long is plain text from there on", () => {
    const element = render(`**a**\n${"x\n".repeat(CHARACTERS_MAX / 2)}**b** <b>`);
    expect(count(element, "strong")).toBe(1);
    expect(element.textContent?.endsWith("x\n**b** <b>")).toBe(true);
    const line = `**${"x".repeat(50_000)}** <b>`;
    expect(render(line).textContent).toBe(line);
  });

  it("keeps every cell of a table that is too large", () => {
    const rows = Array.from({ length: 400 }, (_, row) => `| r${row} | c${row} |\n`);
    const element = render(`| a | b |\n|---|---|\n${rows.join("")}`);
    expect(count(element, "tbody tr")).toBeGreaterThan(100);
    for (let row = 0; row < 400; row++) expect(element.textContent).toMatch(new RegExp(`r${row}\\D`));
    expect(element.textContent).toContain("| r399 | c399 |");
  });

  it("has tables of a bounded width", () => {
    const row = (columns: number, cell: string): string => `${`|${cell}`.repeat(columns)}|\n`;
    const head = row(COLUMNS_MAX, "a") + row(COLUMNS_MAX, "-");
    expect(count(render(head + row(500, "b")), "td")).toBe(COLUMNS_MAX + 1);
    expect(render(head + row(500, "b")).textContent?.match(/b/g)?.length).toBe(500);
    const wider = (row(COLUMNS_MAX + 1, "a") + row(COLUMNS_MAX + 1, "-")).trim();
    expect(count(render(wider), "table")).toBe(0);
    expect(render(wider).textContent).toBe(wider);
  });

  it("has quotes and lists of a bounded depth", () => {
    expect(depth(render(`${">".repeat(40)} a`), "blockquote")).toBe(DEPTH_MAX);
    expect(render(`${">".repeat(40)} a`).textContent).toBe(`${">".repeat(40 - DEPTH_MAX)} a`);
    expect(depth(render(`${"- ".repeat(40)}a`), "ul")).toBe(DEPTH_MAX);
    expect(render(`${"- ".repeat(40)}a`).textContent).toBe(`${"- ".repeat(40 - DEPTH_MAX)}a`);
  });

  it("has emphasis of a bounded depth", () => {
    const element = render(`${"*a ".repeat(100)}${"b* ".repeat(100)}`);
    expect(depth(element, "em")).toBe(8);
    expect(element.textContent?.match(/[ab]/g)?.length).toBe(200);
  });
});

/** What reading costs the processor, whatever else runs on it; the least of several runs, as compiling only adds. */
function costMs(text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 4; run++) {
    const start = process.cpuUsage();
    parseMarkdown(text, new Budget(Number.POSITIVE_INFINITY));
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

/** How much longer four times the length takes: 4 in theory, 16 if the work grew with the square. */
function growth(text: (length: number) => string): number {
  const ratio = (): number => costMs(text(24_000)) / Math.max(1, costMs(text(6_000))); // less than 1 ms says nothing
  const first = ratio();
  return first < 9 ? first : ratio();
}

// Without the limit of elements, which would hide what it bounds.
describe("the time to read a text", { timeout: 120_000 }, () => {
  it.each(Object.entries(HOSTILE))("of %s grows with its length", (_, text) => {
    expect(growth(text)).toBeLessThan(9);
  });

  it("of any pieces that repeat grows with its length", () => {
    fc.assert(
      fc.property(repetitions(), (text) => growth(text) < 9),
      { numRuns: 40 },
    );
  });
});
