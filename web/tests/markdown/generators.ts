import fc from "fast-check";

/** Pieces of Markdown, and of what is close to it. */
const PIECES = [
  ..."*_~`#>|-+=:.![]()<>\\ \n\t\"'\u00a0\u3000\u200b",
  ..."aé日の한д1²َ🎉👩‍💻",
  "**", "__", "~~", "***", "```", "~~~", "\n\n", "\r\n", "    ", "\t", "  ", "](", "![", "[x](https://a.example/b_c)",
  "[x](<https://a.example> \"t\")", "](https://a.example)", "https://a.example/b(c)", "http://", "www.a.example", "www.",
  "<https://a.example>", "<a@b.example>", "<b>", "&amp;", "<!-- x -->", "javascript:alert(1)",
  "\n- ", "\n* ", "\n1. ", "\n2) ", "\n  - ", "\n- [ ] ", "\n- [x] ", "\n> ", "\n>> ", "\n# ", "\n### ", "\n---\n", "\n===\n",
  "\n|a|b|\n|-|:-:|\n|", "\n| ", " | ", "\\*", "\\_", "\\\\", "\\#", "\\`", "\\[", "\\|", "word", "слово", "文字", "ก", "_x_", "**x**", "`x`",
]; // biome-ignore format: a list of pieces

/** Texts made of pieces of Markdown. */
export function fragments(): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(""));
}

/** Texts of a given length in which a few pieces of Markdown repeat. */
export function repetitions(): fc.Arbitrary<(length: number) => string> {
  const piece = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 });
  return fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => (length) => {
    const pieces = parts.map((part) => part.join(""));
    return pieces.map((part) => part.repeat(Math.ceil(length / pieces.length / part.length))).join("");
  });
}

/** Any text: of any characters, lone surrogates included, or of pieces of Markdown, or both. */
export function markdownText(): fc.Arbitrary<string> {
  const unicode = fc.string({ unit: "binary", maxLength: 60 });
  const units = fc.array(fc.nat(0xffff), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes));
  return fc.oneof(
    { weight: 4, arbitrary: fragments() },
    { weight: 2, arbitrary: fc.tuple(fragments(), unicode, fragments()).map((parts) => parts.join("")) },
    unicode,
    units,
    fc.string({ unit: "grapheme", maxLength: 60 }),
  );
}
