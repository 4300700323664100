/** Texts that are expensive for a careless parser or page: `(length) => text`, by what they are. */

function repeated(piece: string): (length: number) => string {
  return (length) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

/** `before` and `after` half the length each. */
function halves(before: string, after: string): (length: number) => string {
  return (length) => repeated(before)(length / 2) + repeated(after)(length / 2);
}

/** Lines or words that grow by one each time. */
function growing(piece: (size: number) => string): (length: number) => string {
  return (length) => {
    let text = "";
    for (let size = 1; text.length < length; size++) text += piece(size);
    return text;
  };
}

export const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  "a table of bars": (n) => `|${"|".repeat(n / 2)}\n|${"-|".repeat(n / 4)}\n`,
  "a wide table with empty rows": (n) => `${"|a".repeat(32)}|\n${"|-".repeat(32)}|\n${"|\n".repeat(n / 2)}`,
  "a narrow table with wide rows": (n) => `a|b\n-|-\n${`${"|".repeat(50)}\n`.repeat(n / 51)}`,
  "tables of one cell": repeated("|a|\n|-|\n\n"),
  "heads of tables": repeated("a|b\n"),
  "dashes with blanks": (n) => `a|b\n-${" ".repeat(n)}x|`,
  "blanks in a heading": (n) => `# x${" ".repeat(n)}x`,
  "signs in a heading": (n) => `# ${"#".repeat(n)}x`,
  "closed headings": (n) => `# x${" #".repeat(n / 2)}x`,
  headings: repeated("# a\n"),
  "underlined headings": repeated("a\n---\n"),
  "an underline": (n) => `a\n${"-".repeat(n)}x`,
  "a rule": (n) => `${"- ".repeat(n / 2)}x`,
  rules: repeated("***\n"),
  "empty lines": repeated("\n"),
  "carriage returns": repeated("\r"),
  blanks: repeated(" "),
  backticks: repeated("`"),
  "backticks with blanks": repeated("` "),
  "runs of backticks that grow": growing((size) => `${"`".repeat(size)}a`),
  "code without an end": repeated("`a``"),
  fences: repeated("```\n"),
  "fences that grow": growing((size) => `${"~".repeat(size + 2)}\na\n`),
  asterisks: repeated("*"),
  "asterisks that open": repeated("*a "),
  "asterisks that close": repeated("a* "),
  "asterisks and underscores": repeated("*a_"),
  underscores: repeated("_a "),
  tildes: repeated("~~a"),
  "marks that open": repeated("*a _b ~~c **d "),
  "marks that open, then close": halves("*a ", "b* "),
  "marks around code": halves("*a `x` ", "b* "),
  "marks of two kinds": halves("**a *b ", "c** "),
  "marks of another kind": halves("*a _b ", "c_ d* "),
  "marks of three": repeated("***a** b"),
  "signs of quotes": repeated(">"),
  "signs of quotes with blanks": repeated("> "),
  "deep quotes": repeated(`${">".repeat(50)}\n`),
  "empty quotes": repeated(">\n"),
  brackets: repeated("["),
  "brackets that close": repeated("]"),
  "brackets that open, then close": halves("[", "]"),
  "links without an end": repeated("[a]("),
  "links without a text": repeated("[]("),
  "links to links": repeated("[a](http://a"),
  "links inside of links": halves("[", "](http://b) "),
  "ends of links": repeated("]("),
  "titles without an end": repeated("[a](b 'x "),
  "blanks in links": (n) => `[a](${" ".repeat(n / 2)}b${" ".repeat(n / 2)}`,
  links: repeated("[a](http://b.c) "),
  pictures: repeated("!["),
  "pictures without an end": repeated("![a]("),
  "angle brackets": repeated("<"),
  tags: repeated('<a href="x">'),
  comments: repeated("<!-- "),
  "addresses in angle brackets": repeated("<http://a "),
  "mail addresses": repeated(`<a@${".a".repeat(200)}:>`),
  "ends of links in angle brackets": repeated("](<a"),
  schemes: repeated("http://"),
  addresses: repeated("http://a.b/c "),
  "addresses of addresses": repeated("http://a.b/"),
  "brackets in an address": (n) => `http://a.b/${"([".repeat(n / 2)}`,
  "a long address": (n) => `http://a.b/${"a".repeat(n)}`,
  "stops at an address's end": (n) => `http://a.b/${".".repeat(n)}`,
  "addresses with names": repeated("http://a:bbbbbbbbbbbb@"),
  www: repeated("www."),
  "www addresses": repeated("www.a.b "),
  "signs of lists": repeated("- "),
  "lists of one item": repeated("- a\n* b\n"),
  "nested lists": growing((size) => `${"  ".repeat(size)}- a\n`),
  "a deep list with empty lines": (n) => `${"- ".repeat(n / 4)}a${"\n".repeat(n / 2)}x`,
  "items with empty lines": repeated("- a\n\n"),
  "an item with empty lines": (n) => `- a\n${"\n  b\n".repeat(n / 5)}`,
  numbers: repeated("1. a\n"),
  tasks: repeated("- [ ] a\n"),
  backslashes: repeated("\\"),
  "escaped asterisks": repeated("\\*a "),
  "escaped backslashes": repeated("\\\\*a* "),
  "escaped headings": repeated("\\# a\n"),
  "lone surrogates": repeated("\ud800*"),
  "all of it": repeated("[a](b `c` *d* <e \\_f http://g.h/ | > - \n"),
};
