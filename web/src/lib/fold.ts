/** Letters that do not decompose into a base letter and a mark. */
const SPELLED: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  ø: "o",
  œ: "oe",
  ł: "l",
  đ: "d",
  þ: "th",
  ı: "i",
  ς: "σ",
};

/** In lower case, and without letters that only look like one of their own. */
export function spellOut(text: string): string {
  return text.toLowerCase().replace(/[ßæøœłđþıς]/g, (letter) => SPELLED[letter] ?? letter);
}

/** What two texts have in common that people take for the same: without case, accents and the forms of letters. */
export function fold(text: string): string {
  return spellOut(text)
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60)); // Katakana as Hiragana
}
