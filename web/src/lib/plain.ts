const EMOJI_ONLY =
  /^(?:\p{Extended_Pictographic}(?:\u{fe0f}|\u{200d}|\p{Emoji_Modifier}|\p{Extended_Pictographic})*\s?){1,3}$/u;

/** One to three emoji and nothing else: shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length <= 40 && EMOJI_ONLY.test(text.trim());
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
