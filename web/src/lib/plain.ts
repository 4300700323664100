import { type Block, parseMarkdown } from "./markdown";
import type { Inline } from "./markdown/inline";

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

/** The text without Markdown's marks, for a screen reader or a preview; at most `max` characters and "…". */
export function plainText(text: string, max = 200): string {
  const blocks = parseMarkdown(text.slice(0, max * 4));
  const characters = Array.from(blocks.map(textOfBlock).join(" ").replace(/\s+/g, " ").trim());
  return characters.length > max ? `${characters.slice(0, max).join("")}…` : characters.join("");
}

function textOfBlock(block: Block): string {
  switch (block.type) {
    case "paragraph":
    case "heading":
      return textOf(block.children);
    case "code":
    case "plain":
      return block.text;
    case "rule":
      return "";
    case "quote":
      return block.blocks.map(textOfBlock).join(" ");
    case "list":
      return block.items
        .map(
          ({ number, blocks }) =>
            (number === null ? "" : `${number}${block.sign} `) + blocks.map(textOfBlock).join(" "),
        )
        .join(" ");
    case "table":
      return [block.head, ...block.rows].flatMap((row) => row.map(textOf)).join(" ");
  }
}

function textOf(nodes: readonly Inline[]): string {
  return nodes
    .map((node) =>
      typeof node === "string" ? node : node.type === "code" ? node.text : textOf(node.children),
    )
    .join("");
}
