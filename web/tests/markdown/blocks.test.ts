import { describe, expect, it } from "vitest";
import { html, render, texts } from "./rendering";

/** The numbers that a browser shows before the items. */
function numbers(text: string): number[] {
  return Array.from(render(text).querySelectorAll("ol > li"), (item) => (item as HTMLLIElement).value);
}

describe("blocks", () => {
  it.each([
    ["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
    ["  - a\n  - b", "<ul><li>a</li><li>b</li></ul>"],
    ["-\ta\n-\tb", "<ul><li>a</li><li>b</li></ul>"],
    ["- a\n-\n- b", "<ul><li>a</li><li></li><li>b</li></ul>"],
    ["- a\n* b", "<ul><li>a</li></ul><ul><li>b</li></ul>"],
    ["intro\n- a\n\nend", "<p>intro</p><ul><li>a</li></ul><p>end</p>"],
    [
      "- a\n  - b\n    - c\n- d",
      "<ul><li><p>a</p><ul><li><p>b</p><ul><li>c</li></ul></li></ul></li><li>d</li></ul>",
    ],
    ["- a\n\t- b", "<ul><li><p>a</p><ul><li>b</li></ul></li></ul>"],
    ["- a\n\n\n  b", "<ul><li><p>a</p><p>b</p></li></ul>"],
    ["> said\n> twice\n\nanswer", "<blockquote><p>said\ntwice</p></blockquote><p>answer</p>"],
    [">> deep\n> less", "<blockquote><blockquote><p>deep</p></blockquote><p>less</p></blockquote>"],
    [
      "> - a\n>   > b",
      "<blockquote><ul><li><p>a</p><blockquote><p>b</p></blockquote></li></ul></blockquote>",
    ],
    ["one\n\ntwo", "<p>one</p><p>two</p>"],
    ["a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"],
    ["two\nlines\n---", "<p>two\nlines</p><hr>"],
    ["#kitchen is no heading", "<p>#kitchen is no heading</p>"],
    ["####### seven", "<p>####### seven</p>"],
    ["-5 degrees", "<p>-5 degrees</p>"],
    ["Thanks\n--\nAda", "<p>Thanks\n--\nAda</p>"],
    [">= 5, and >.<", "<p>&gt;= 5, and &gt;.&lt;</p>"],
    [">_<", "<p>&gt;_&lt;</p>"],
    ["    indented\n\tby a tab", "<p>    indented\n\tby a tab</p>"],
    ["01. a\n02. b", "<p>01. a\n02. b</p>"],
  ])("%s", (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  it.each([1, 2, 3, 4, 5, 6])("have headings of size %i", (level) => {
    const expected = `<p class="heading heading-${level}">Big <em>news</em></p>`;
    expect(html(`${"#".repeat(level)} Big *news*`)).toBe(expected);
    expect(html(`${"#".repeat(level)} Big *news* ##`)).toBe(expected);
  });

  it("have headings that are underlined", () => {
    expect(html("One\n===\nTwo\n---\n### C#")).toBe(
      '<p class="heading heading-1">One</p><p class="heading heading-2">Two</p><p class="heading heading-3">C#</p>',
    );
  });
});

describe("a list", () => {
  it.each([
    ["1. a\n2. b\n4. c", [1, 2, 4]],
    ["3. c\n4. d", [3, 4]],
    ["2. b\n1. a", [2, 1]],
    ["1. a\n\n1. b", [1, 1]],
    ["1. a\n   1. b\n   5. c\n7. d", [1, 1, 5, 7]],
    ["0. a", [0]],
    ["26. November 2026", [26]],
    ["1) a\n3) b", [1, 3]],
    ["999999999. a", [999_999_999]],
  ])("has its numbers as they were typed: %s", (text, expected) => {
    expect(numbers(text)).toEqual(expected);
  });

  it("says with which sign its numbers were typed", () => {
    expect(render("1) a\n2. b").querySelectorAll("ol.numbers-bracket").length).toBe(1);
    expect(render("1) a\n2. b").querySelectorAll("ol").length).toBe(2);
  });

  it("has boxes for tasks", () => {
    const element = render("- [ ] a\n- [x] b\n- [X] **c**\n- [y] d\n- [x]e\n\n1. [x] f");
    const boxes = Array.from(element.querySelectorAll("li.task > .box"), (box) =>
      box.getAttribute("aria-label"),
    );
    expect(boxes).toEqual(["to do", "done", "done", "done"]);
    expect(Array.from(element.querySelectorAll("li"), (item) => item.textContent)).toEqual([
      "a",
      "b",
      "c",
      "[y] d",
      "[x]e",
      "f",
    ]);
  });
});

describe("code", () => {
  it("is kept as it is", () => {
    const code = render("before\n```js\nif (a < b) **no**\n\n  indented\n```\nafter");
    expect(code.querySelector("pre code")?.textContent).toBe("if (a < b) **no**\n\n  indented");
    expect(code.querySelector("code")?.className).toBe("language-js");
    expect(code.querySelectorAll("p").length).toBe(2);
  });

  it.each([
    ["```\n\tif\n\t\tx\ty\n```", "\tif\n\t\tx\ty"],
    ["~~~\n\t`a`\n~~~", "\t`a`"],
    ["- a\n  ```\n  \tx\n\n\n  y\n  ```\n- b", "\tx\n\n\ny"],
    ["- a\n\t```\n\t\tx\n\t```", "\tx"],
    ["> ```\n> \tx\n> ```", "\tx"],
    ["  ```\n    x\n  ```", "  x"],
    ["````\n```\n````", "```"],
  ])("keeps its tabs and blanks: %s", (text, expected) => {
    expect(texts(text, "pre")).toEqual([expected]);
  });

  it("goes on to the end without a closing fence, and is none with nothing behind the fence", () => {
    expect(texts("```\nstill code", "pre")).toEqual(["still code"]);
    expect(html("```")).toBe("<p>```</p>");
    expect(html("``` a``` b")).toBe("<p><code> a</code> b</p>");
  });

  it("that scrolls can be reached with the keyboard", () => {
    expect(render("```\nx\n```").querySelector("pre")?.tabIndex).toBe(0);
  });
});

describe("a table", () => {
  function rows(text: string): (string | null)[][] {
    return Array.from(render(text).querySelectorAll("tr"), (row) =>
      Array.from(row.children, (cell) => cell.textContent),
    );
  }

  it.each([
    [
      "| a | b |\n|---|---|\n| 1 | 2 |",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a|b\n-|-\n1|2\nend",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ["|a|\n|-|\n|1|", [["a"], ["1"]]],
    [
      "| a | b |\n|---|---|\n| 1 | x \\| y |\n| 2 |",
      [
        ["a", "b"],
        ["1", "x | y"],
        ["2", ""],
      ],
    ],
    [
      "| a | b |\n|---|---|\n| 1 | 2 | 3 | 4 |",
      [
        ["a", "b"],
        ["1", "2", "3", "4"],
      ],
    ],
    [
      "| a | b |\n|---|---|\n| `x \\| y` | **z** |",
      [
        ["a", "b"],
        ["x | y", "z"],
      ],
    ],
  ])("has each cell that was typed: %s", (text, expected) => {
    expect(rows(text)).toEqual(expected);
  });

  it.each(["a | b\n---|---|---", "| a | b |\n| c | d |", "a | b", "|", "| a |\n| b |\n|---|---|"])(
    "is none: %s",
    (text) => {
      expect(rows(text)).toEqual([]);
      expect(render(text).textContent).toBe(text);
    },
  );

  it("is aligned as its dashes say", () => {
    const element = render("|a|b|c|d|\n|:-|:-:|-:|-|\n|1|2|3|4|");
    const classes = Array.from(element.querySelectorAll("td"), (cell) => cell.className);
    expect(classes).toEqual(["align-left", "align-center", "align-right", ""]);
    expect(element.querySelectorAll("th.align-center").length).toBe(1);
  });

  it("that scrolls can be reached with the keyboard", () => {
    const box = render("|a|\n|-|").querySelector(".table");
    expect((box as HTMLElement).tabIndex).toBe(0);
    expect(box?.getAttribute("aria-label")).toBe("Table");
  });
});
