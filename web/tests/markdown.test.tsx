import { render as mount } from "preact";
import { describe, expect, it } from "vitest";
import { isEmojiOnly, plainText } from "../src/lib/plain";
import { Prose } from "../src/parts/Prose";

/** The elements that a browser would show. */
function render(text: string): HTMLElement {
  const element = document.createElement("div");
  mount(<Prose text={text} />, element);
  return element.firstElementChild as HTMLElement;
}

function html(text: string): string {
  return render(text).innerHTML;
}

describe("safety", () => {
  const attacks = [
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
    "`<img src=x onerror=alert(1)>`",
    "# <img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    '[x](https://a.example" onmouseover="alert(1))',
  ];

  it.each(attacks)("makes nothing active of %s", (text) => {
    const element = render(text);
    const active = "script,img,svg,iframe,form,input,style,math,object,embed,link,meta";
    expect(element.querySelector(active)).toBeNull();
    for (const node of element.querySelectorAll("*")) {
      const unknown = node
        .getAttributeNames()
        .filter((name) => !["href", "target", "rel", "start", "scope"].includes(name));
      expect(unknown).toEqual([]);
    }
    expect(element.querySelector('a:not([href^="https://"])')).toBeNull();
  });

  const addresses = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:x",
    "//evil.example",
    "/api/v1/me",
  ];

  it.each(addresses)("makes no link to %s", (url) => {
    expect(render(`[click](${url})`).querySelector("a")).toBeNull();
    expect(render(`<${url}>`).querySelector("a")).toBeNull();
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

  it.each([
    "*",
    "_",
    "**",
    "~~",
    "`",
    "[",
    "![",
    "<",
    "> ",
    "- ",
    "*a ",
    "[a](",
    "`` ` ",
    "|",
    "\\",
    "_a_*b",
  ])("takes its time in proportion to the length for a text of %s", (piece) => {
    // A quadratic parser would take minutes for these; a deep one would overflow the stack.
    const text = `x ${piece.repeat(Math.floor(39_000 / piece.length))}`;
    expect(render(text).textContent).toContain("x");
  });

  it("leaves a text alone that is too long to parse", () => {
    const text = `**${"x".repeat(50_000)}** <b>`;
    expect(render(text).textContent).toBe(text);
  });
});

describe("inside a line", () => {
  it.each([
    ["**bold** and *leaning*", "<strong>bold</strong> and <em>leaning</em>"],
    ["__bold__ and _leaning_", "<strong>bold</strong> and <em>leaning</em>"],
    ["***both***", "<strong><em>both</em></strong>"],
    ["*a **b** c*", "<em>a <strong>b</strong> c</em>"],
    ["**a *b***", "<strong>a <em>b</em></strong>"],
    ["~~gone~~", "<del>gone</del>"],
    ["`a < b`", "<code>a &lt; b</code>"],
    ["`` a`b ``", "<code>a`b</code>"],
    ["*`a*b`*", "<em><code>a*b</code></em>"],
    ["one\ntwo", "one<br>two"],
    ["\\*plain\\*", "*plain*"],
    ["snake_case_name and 2*3*4", "snake_case_name and 2*3*4"],
    ["2 * 3 * 4 and ** alone", "2 * 3 * 4 and ** alone"],
    ["~ about ~", "~ about ~"],
    ["an open `tick and *star", "an open `tick and *star"],
    ["**日本語**です", "<strong>日本語</strong>です"],
  ])("%s", (text, expected) => {
    expect(html(text)).toBe(`<p>${expected}</p>`);
  });

  it.each([
    ["[Ada](https://a.example/b_(c))", "https://a.example/b_(c)", "Ada"],
    ['[Ada](https://a.example "title")', "https://a.example/", "Ada"],
    ["<https://a.example>", "https://a.example/", "https://a.example"],
    ["<ada@a.example>", "mailto:ada@a.example", "ada@a.example"],
    ["(https://a.example/x)", "https://a.example/x", "https://a.example/x"],
    ["https://a.example/x_(y), really", "https://a.example/x_(y)", "https://a.example/x_(y)"],
    ["**https://a.example/x**", "https://a.example/x", "https://a.example/x"],
    ["[https://b.example](https://a.example/)", "https://a.example/", "https://b.example"],
  ])("links %s", (text, href, label) => {
    const links = render(text).querySelectorAll("a");
    expect(links.length).toBe(1);
    expect(links[0]?.getAttribute("href")).toBe(href);
    expect(links[0]?.textContent).toBe(label);
  });
});

describe("blocks", () => {
  it("keep code as it is", () => {
    const code = render("before\n```js\nif (a < b) **no**\n\n  indented\n```\nafter");
    expect(code.querySelector("pre code")?.textContent).toBe("if (a < b) **no**\n\n  indented");
    expect(code.querySelectorAll("p").length).toBe(2);
  });

  it("take an unclosed fence to the end", () => {
    expect(render("```\nstill code").querySelector("pre")?.textContent).toBe("still code");
  });

  it.each([
    ["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
    ["intro\n- a\n\nend", "<p>intro</p><ul><li>a</li></ul><p>end</p>"],
    ["3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'],
    ["- a\n  - b\n- c", "<ul><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ul>"],
    ["> said\n> twice\n\nanswer", "<blockquote><p>said<br>twice</p></blockquote><p>answer</p>"],
    ["one\n\ntwo", "<p>one</p><p>two</p>"],
    ["a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"],
    ["# Big news #", "<p><strong>Big news</strong></p>"],
    ["#kitchen is no heading", "<p>#kitchen is no heading</p>"],
    ["-5 degrees", "<p>-5 degrees</p>"],
  ])("%s", (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  it("make a table of as many columns as its head has", () => {
    const table = render("| a | b |\n|---|:-:|\n| 1 | x \\| y | 3 |\n| 2 |").querySelector("table");
    expect([...(table?.querySelectorAll("th") ?? [])].map((cell) => cell.textContent)).toEqual(["a", "b"]);
    expect([...(table?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent)).toEqual([
      "1",
      "x | y",
      "2",
      "",
    ]);
  });
});

describe("short forms", () => {
  it("know a text of emoji only", () => {
    expect(isEmojiOnly("🎉")).toBe(true);
    expect(isEmojiOnly("👍🏽 ❤️")).toBe(true);
    expect(isEmojiOnly("👩‍💻")).toBe(true);
    expect(isEmojiOnly("🎉 yes")).toBe(false);
    expect(isEmojiOnly("42")).toBe(false);
    expect(isEmojiOnly("")).toBe(false);
  });

  it("read without marks", () => {
    expect(plainText("**Hi** [there](https://x.org), `ls`\n```\ncode\n```")).toBe("Hi there, ls code");
    expect(plainText("x".repeat(300)).length).toBe(201);
  });
});
