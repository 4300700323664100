import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markdownText } from "./generators";
import { render } from "./rendering";

const ELEMENTS = new Set(
  "P STRONG EM DEL CODE PRE A UL OL LI SPAN BLOCKQUOTE HR SECTION TABLE THEAD TBODY TR TH TD".split(" "),
);
const ATTRIBUTES = new Set("aria-label class href rel role scope tabindex target title value".split(" "));

function expectHarmless(text: string): void {
  for (const element of render(text).querySelectorAll("*")) {
    expect(ELEMENTS).toContain(element.tagName);
    for (const name of element.getAttributeNames()) expect(ATTRIBUTES).toContain(name);
    const href = element.getAttribute("href");
    if (href !== null) expect(href).toMatch(/^(?:https?:\/\/|mailto:)/);
  }
}

describe("safety", { timeout: 60_000 }, () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<iframe src=//evil.example></iframe>",
    "<form action=//evil.example><input name=password></form>",
    "<style>body{display:none}</style>",
    '<a href="javascript:alert(1)" style="position:fixed;inset:0">x</a>',
    "![x](https://evil.example/pixel.png)",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "```html\n<img src=x onerror=alert(1)>\n```",
    "```x onclick=alert(1)\ncode\n```",
    "`<img src=x onerror=alert(1)>`",
    "# <img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    '[x](https://a.example" onmouseover="alert(1))',
    "[x](https://a.example '\" onmouseover=\"alert(1)')",
  ])("makes nothing active of %s", expectHarmless);

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:x",
    "//evil.example",
    "/api/v1/me",
    "https:alert(1)@",
  ])("makes no link to %s", (address) => {
    for (const text of [`[click](${address})`, `[click](<${address}>)`, `<${address}>`, `![x](${address})`]) {
      expect(render(text).querySelector("a")).toBeNull();
    }
  });

  it("is kept by any text", () => {
    fc.assert(fc.property(markdownText(), expectHarmless), { numRuns: 500 });
  });

  it("shows HTML as it was typed", () => {
    expect(render("a <b>bold</b> claim &amp; more").textContent).toBe("a <b>bold</b> claim &amp; more");
  });

  it("gives links a rel that keeps this page out of the other's reach", () => {
    const link = render("see https://example.org/x?a=1&b=2.").querySelector("a");
    expect(link?.getAttribute("href")).toBe("https://example.org/x?a=1&b=2");
    expect(link?.target).toBe("_blank");
    expect(link?.rel.split(" ")).toEqual(expect.arrayContaining(["noopener", "noreferrer"]));
  });

  it("turns a picture into a link to it", () => {
    const element = render('![a "cat"](https://example.org/cat.png)');
    expect(element.querySelector("img")).toBeNull();
    expect(element.querySelector("a")?.textContent).toBe('a "cat"');
  });
});
