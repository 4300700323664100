import { describe, expect, it } from "vitest";
import { html, render } from "./rendering";

describe("inside a line", () => {
  it.each([
    ["**bold** and *leaning*", "<strong>bold</strong> and <em>leaning</em>"],
    ["__bold__ and _leaning_", "<strong>bold</strong> and <em>leaning</em>"],
    ["***both***", "<strong><em>both</em></strong>"],
    ["*a **b** c*", "<em>a <strong>b</strong> c</em>"],
    ["**a *b***", "<strong>a <em>b</em></strong>"],
    ["***a** b*", "<em><strong>a</strong> b</em>"],
    ["*a**b*", "<em>a**b</em>"],
    ["**a*b**", "<strong>a*b</strong>"],
    ["*a _b* c_", "<em>a _b</em> c_"],
    ["~~gone~~", "<del>gone</del>"],
    ["`a < b`", "<code>a &lt; b</code>"],
    ["`` a`b ``", "<code>a`b</code>"],
    ["*`a*b`*", "<em><code>a*b</code></em>"],
    ["one\ntwo", "one\ntwo"],
    ["2 * 3 * 4 and ** alone", "2 * 3 * 4 and ** alone"],
    ["2*3*4, 2**3**4, f(*args, **kwargs)", "2*3*4, 2**3**4, f(*args, **kwargs)"],
    ["~ about ~, ~5~", "~ about ~, ~5~"],
    ["an open `tick and *star", "an open `tick and *star"],
    ["a **** b", "a **** b"],
    ["two  blanks\tand a tab", "two  blanks\tand a tab"],
  ])("%s", (text, expected) => {
    expect(html(text)).toBe(`<p>${expected}</p>`);
  });

  it.each([
    "snake_case_name",
    "файл_отчёта_новый.txt",
    "naïve_élan_vital",
    "文件_新_版",
    "हिन्दी_शब्द_है",
    "e\u0301_e\u0301_e\u0301",
    "a_1_b",
    "𝒳_𝒴_𝒵",
    "¯_(ツ)_/¯ and ¯_(ツ)_/¯",
  ])("leaves underscores in words alone: %s", (text) => {
    expect(html(text)).toBe(`<p>${text}</p>`);
  });

  it.each([
    ["_два слова_", "<em>два слова</em>"],
    ["(_日本_)", "(<em>日本</em>)"],
    ["**日本語**です", "<strong>日本語</strong>です"],
    ["これは**「日本語」**です", "これは<strong>「日本語」</strong>です"],
    ["**한국어**는", "<strong>한국어</strong>는"],
    ["**Wort**teil, **слово**м", "<strong>Wort</strong>teil, <strong>слово</strong>м"],
    ["🎉*x*🎉", "🎉<em>x</em>🎉"],
  ])("knows words of any script: %s", (text, expected) => {
    expect(html(text)).toBe(`<p>${expected}</p>`);
  });
});

describe("a backslash", () => {
  it.each([
    ["\\*plain\\*", "*plain*"],
    ["\\**a**", "**a**"],
    ["\\_a\\_ and \\~~b~~", "_a_ and ~~b~~"],
    ["\\`code\\`", "`code`"],
    [
      "\\![x](https://a.example)",
      '!<a href="https://a.example/" target="_blank" rel="noopener noreferrer nofollow">x</a>',
    ],
    ["\\\\*a*", "\\<em>a</em>"],
    ["\\\\\\*a\\*", "\\*a*"],
    ["\\# a", "# a"],
    ["1\\. a", "1. a"],
    ["\\- a\n\\> b", "- a\n&gt; b"],
    ["a\n\\===", "a\n==="],
    ["\\---", "---"],
    ["\\```\na\n\\```", "```\na\n```"],
  ])("is not shown where it prevents markup: %s", (text, expected) => {
    expect(html(text)).toBe(`<p>${expected}</p>`);
  });

  it("keeps a link from being one", () => {
    expect(render("\\[x](https://a.example)").textContent).toBe("[x](https://a.example)");
  });

  it.each([
    "¯\\_(ツ)_/¯",
    "\\\\server\\share",
    "C:\\_new\\*.txt, C:\\Users\\ada\\[1].txt",
    "\\d+\\.\\d* and \\(x\\)",
    "Hello\\! 50\\% a\\\nb\\",
    "`a\\*b`: \\$x\\$ 2\\*3",
    "it is 5\\.",
  ])("is shown elsewhere: %s", (text) => {
    expect(render(text).textContent).toBe(text.replaceAll("`", ""));
  });
});
