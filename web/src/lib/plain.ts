/**
 * One emoji, as UTS #51 composes them: a picture by itself or by U+FE0F (so not "©", which is text), with a skin
 * colour, tags of a region, or others joined to it; a flag of two letters; a keycap.
 */
const PICTURE =
  /(?!\p{RI})\p{Emoji_Presentation}|\p{Extended_Pictographic}(?:\ufe0f|(?=\u200d)|(?=\p{Emoji_Modifier}))/u;
const JOINED = /\u200d\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?/u;
const FLAG = /\p{RI}{2}/u;
const KEYCAP = /[0-9#*]\ufe0f?\u20e3/u;
const SEQUENCE = `(?:${PICTURE.source})[\\ufe0f\\p{Emoji_Modifier}]?[\\u{e0020}-\\u{e007f}]*(?:${JOINED.source})*`;
const EMOJI_ONLY = new RegExp(`^(?:(?:${FLAG.source}|${KEYCAP.source}|${SEQUENCE})\\s?){1,3}$`, "u");

/** As long as three families with skin colours. */
const EMOJI_ONLY_MAX = 80;

/** One to three emoji and nothing else: shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length <= EMOJI_ONLY_MAX && EMOJI_ONLY.test(text.trim());
}

/** The text without Markdown's marks, for a screen reader or a preview; at most `max` characters. */
export function plainText(text: string, max = 200): string {
  const plain = text
    .slice(0, max * 4)
    .replace(/```[\s\S]*?(```|$)/g, " code ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_~`>#]+/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return plain.length > max ? `${plain.slice(0, max)}…` : plain;
}
