/**
 * The emoji of the picker as one text, made at build time from the packages unicode-emoji-json and emojilib (both MIT):
 * a third of their size. Groups are parted by an empty line; the first line of each is its name, the others are
 * `emoji|name|keyword,keyword`, with `*` after an emoji that comes in skin tones.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Plugin } from "vite";

interface Group {
  name: string;
  emojis: { emoji: string; name: string; skin_tone_support: boolean }[];
}

const NAME = "virtual:emoji";

/** Offers the module `virtual:emoji`, whose default export is that text. */
export function emojiTable(): Plugin {
  return {
    name: "emoji-table",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? `export default ${JSON.stringify(table())}` : undefined),
  };
}

function table(): string {
  const groups = read<Group[]>("unicode-emoji-json/data-by-group.json");
  const keywords = read<Record<string, string[]>>("emojilib/dist/emoji-en-US.json");
  return groups.map(({ name, emojis }) => [name, ...emojis.map(line)].join("\n")).join("\n\n");

  function line({ emoji, name, skin_tone_support: tones }: Group["emojis"][number]): string {
    const named = new Set(name.toLowerCase().split(/[^\p{L}\p{N}]+/u));
    const more = (keywords[emoji] ?? [])
      .map((word) => word.replaceAll("_", " ").replaceAll(/[|,\n]/g, ""))
      .filter((word) => !word.split(" ").every((part) => named.has(part)));
    return `${emoji}${tones ? "*" : ""}|${name}|${more.join(",")}`;
  }
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(createRequire(import.meta.url).resolve(path), "utf8")) as T;
}
