import { fold } from "./fold";

/** One emoji of the picker. `tones`: it comes in skin tones. `words`: what finds it. */
export interface Emoji {
  readonly emoji: string;
  readonly name: string;
  readonly tones: boolean;
  readonly words: readonly string[];
}

export interface EmojiGroup {
  readonly name: string;
  readonly emoji: readonly Emoji[];
}

/** Unicode's five skin tones, from light to dark; the first entry is none. */
export const TONES = ["", "\u{1f3fb}", "\u{1f3fc}", "\u{1f3fd}", "\u{1f3fe}", "\u{1f3ff}"] as const;

export type Tone = (typeof TONES)[number];

export const TONE_NAMES = ["No skin tone", "Light", "Medium-light", "Medium", "Medium-dark", "Dark"] as const;

/** Shown before anybody has used one. */
export const QUICK = ["👍", "❤️", "😂", "🎉", "🙏", "👀"] as const;

const HANDSHAKE = "\u{1f91d}";

/** Parse the text that web/emoji.ts makes. */
export function readEmoji(table: string): EmojiGroup[] {
  return table.split("\n\n").map((block) => {
    const [name = "", ...lines] = block.split("\n");
    return { name, emoji: lines.map(readLine) };
  });
}

function readLine(line: string): Emoji {
  const [sign = "", name = "", keywords = ""] = line.split("|");
  const tones = sign.endsWith("*") && sign.length > 1;
  return { emoji: tones ? sign.slice(0, -1) : sign, name, tones, words: wordsOf(`${name} ${keywords}`) };
}

function wordsOf(text: string): string[] {
  return fold(text)
    .split(/[\s,]+/)
    .filter(Boolean);
}

/**
 * Emoji that fit `query`, best first: a name that begins with it, then one whose words begin with each of its words,
 * then keywords that do. An emoji finds itself.
 */
export function searchEmoji(groups: readonly EmojiGroup[], query: string): Emoji[] {
  const wanted = wordsOf(query);
  if (wanted.length === 0) return [];
  const bare = withoutTone(query.trim());
  return groups
    .flatMap((group) => group.emoji)
    .map((one) => ({ one, rank: one.emoji === bare ? 0 : rank(one, wanted) }))
    .filter(({ rank }) => rank < NONE)
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one);
}

const NONE = 4;

function rank({ name, words }: Emoji, wanted: readonly string[]): number {
  const named = wordsOf(name);
  const whole = wanted.join(" ");
  if (named.join(" ") === whole) return 0;
  if (named.join(" ").startsWith(whole)) return 1;
  if (wanted.every((part) => named.some((word) => word.startsWith(part)))) return 2;
  return wanted.every((part) => words.some((word) => word.startsWith(part))) ? 3 : NONE;
}

/**
 * The emoji in a skin tone, as UTS #51 writes it: behind each person or body part, instead of U+FE0F. The hands that two
 * people hold have none of their own.
 */
export function withTone({ emoji, tones }: Pick<Emoji, "emoji" | "tones">, tone: Tone): string {
  if (!tones || tone === "") return emoji;
  if (emoji === HANDSHAKE) return emoji + tone;
  return emoji.replace(/(\p{Emoji_Modifier_Base})\ufe0f?/gu, (whole, base: string) =>
    base === HANDSHAKE ? whole : base + tone,
  );
}

export function withoutTone(emoji: string): string {
  return emoji.replace(/[\u{1f3fb}-\u{1f3ff}]/gu, "");
}

/** `emoji` first, then the others as they were; at most `max`. */
export function putFirst(recent: readonly string[], emoji: string, max: number): string[] {
  return [emoji, ...recent.filter((other) => other !== emoji)].slice(0, max);
}
