import { describe, expect, it } from "vitest";
import { render, texts } from "./rendering";

describe("an address in a text", () => {
  it.each([
    // Brackets and what ends a sentence, in any script
    ["(see https://example.org/wiki/Rust_(language))", "https://example.org/wiki/Rust_(language)"],
    ["https://example.org/wiki/Rust_(language), really", "https://example.org/wiki/Rust_(language)"],
    ["[https://a.example/x[1]]", "https://a.example/x[1]"],
    ["{https://a.example/{id}}", "https://a.example/{id}"],
    ["https://a.example/(", "https://a.example/"],
    ["https://example.com/docs。谢谢", "https://example.com/docs"],
    ["https://example.com/docs，谢谢！", "https://example.com/docs"],
    ["https://example.com。谢谢", "https://example.com"],
    ["（https://example.com/a）", "https://example.com/a"],
    ["请看https://example.com/a（很重要）", "https://example.com/a"],
    ["「https://ja.wikipedia.org/wiki/日本語」と", "https://ja.wikipedia.org/wiki/日本語"],
    ["“https://a.example/x” «y»", "https://a.example/x"],
    ["«https://a.example/é»", "https://a.example/é"],
    ["انظر https://a.example/سلام، شكرا", "https://a.example/سلام"],
    ["https://a.example/سلام؟", "https://a.example/سلام"],
    ["देखो https://a.example/हिन्दी।", "https://a.example/हिन्दी"],
    ["https://a.example/x…", "https://a.example/x"],
    ["https://a.example/x—which", "https://a.example/x"],
    ["https://a.example/x?!...", "https://a.example/x"],
    ["'https://a.example/x'", "https://a.example/x"],
    ["http://example.com请看", "http://example.com"],
    // Letters and what belongs to an address
    ["https://example.com/путь/к", "https://example.com/путь/к"],
    ["https://президент.рф", "https://президент.рф"],
    ["https://例え.テスト/道", "https://例え.テスト/道"],
    ["https://bücher.example", "https://bücher.example"],
    ["https://a.example/Michelson–Morley", "https://a.example/Michelson–Morley"],
    ["https://a.example/L’Équipe", "https://a.example/L’Équipe"],
    ["https://a.example/?q=a&b=c#d;e=f,g/", "https://a.example/?q=a&b=c#d;e=f,g/"],
    ["https://a.example/a_b_c*d", "https://a.example/a_b_c*d"],
    ["https://a.example/می\u200cخواهم", "https://a.example/می\u200cخواهم"],
    ["http://localhost:3000/x", "http://localhost:3000/x"],
    ["http://[::1]:8000/x", "http://[::1]:8000/x"],
    ["HTTPS://A.EXAMPLE/x", "HTTPS://A.EXAMPLE/x"],
    // Markup around it
    ["**https://a.example/x**", "https://a.example/x"],
    ["_https://a.example/x_", "https://a.example/x"],
    ["~~https://a.example/x~~", "https://a.example/x"],
    ["https://a.example/\\_x", "https://a.example/"],
    // Without a scheme
    ["www.example.org", "www.example.org"],
    ["(www.example.org/a_(b)).", "www.example.org/a_(b)"],
    ["WWW.Example.org，", "WWW.Example.org"],
  ])("%s", (text, address) => {
    expect(texts(text, "a")).toEqual([address]);
    expect(render(text).querySelector("a")?.href).toBe(
      new URL(address.replace(/^www\./i, "https://www.")).href,
    );
  });

  it.each([
    "xhttps://a.example",
    "http://",
    "https://!",
    "www.",
    "www.a",
    "xwww.a.example",
    "ada@www.a.example",
    "https://a.example@evil.example",
    "https://ada:secret@a.example",
    `https://a.example/${"x".repeat(2_000)}`,
  ])("is none: %s", (text) => {
    expect(texts(text, "a")).toEqual([]);
    expect(render(text).textContent).toBe(text);
  });
});

describe("a link", () => {
  it.each([
    ["[Ada](https://a.example/b_(c))", "https://a.example/b_(c)", "Ada"],
    ['[Ada](https://a.example "title")', "https://a.example/", "Ada"],
    ["[Ada](<https://a.example/x>)", "https://a.example/x", "Ada"],
    ["[Ada](www.a.example)", "https://www.a.example/", "Ada"],
    ["[](https://a.example)", "https://a.example/", "https://a.example"],
    ["![  ](https://a.example)", "https://a.example/", "https://a.example"],
    ["[a [b] `]` \\] c](https://a.example)", "https://a.example/", "a [b] ] ] c"],
    ["[_a_ **b**](https://a.example)", "https://a.example/", "a b"],
    ["<https://a.example>", "https://a.example/", "https://a.example"],
    ["<ada@a.example>", "mailto:ada@a.example", "ada@a.example"],
    ["[https://b.example](https://a.example/)", "https://a.example/", "https://b.example"],
    ["*[a*](https://a.example)", "https://a.example/", "a*"],
  ])("%s", (text, href, label) => {
    const links = render(text).querySelectorAll("a");
    expect(links.length).toBe(1);
    expect(links[0]?.getAttribute("href")).toBe(href);
    expect(links[0]?.textContent).toBe(label);
  });

  it("is never in another", () => {
    expect(render("[a [b](https://b.example) c](https://c.example)").querySelector("a a")).toBeNull();
    expect(texts("[a [b](https://b.example) c](https://c.example)", "a")).toEqual(["b", "https://c.example"]);
  });

  it("has its title", () => {
    expect(render("[Ada](https://a.example 'her page')").querySelector("a")?.title).toBe("her page");
  });
});
