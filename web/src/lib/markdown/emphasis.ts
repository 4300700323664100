/**
 * Emphasis: which runs of `*`, `_` and `~` belong together. A run waits on a stack until one closes it; whatever then
 * stands between them was never closed and is text. Each run and each node is put on the stack once and taken once.
 */

import { characterAt, characterBefore, isDigit, isSpace, isUnspaced, isWord } from "./characters";
import type { Inline } from "./inline";
import { type Budget, EMPHASIS_DEPTH_MAX } from "./limits";

/** Behind these, `_` is an arm of `¯_(ツ)_/¯`. */
const SHOULDER = /[\p{Sk}\p{Pe}]/u;

export type EmphasisType = "strong" | "em" | "del";

/** A run that may begin emphasis. `count`: how many of its characters are not used yet, 1 to 3. */
interface Opener {
  character: string;
  count: number;
  at: number;
}

interface Entry {
  /** null: an opener stands here. */
  node: Inline | null;
  opener: Opener | null;
  /** Emphasis inside of it. */
  depth: number;
}

export class EmphasisStack {
  readonly #text: string;
  readonly #budget: Budget;
  readonly #onMarkup: (from: number, to: number) => void;
  readonly #entries: Entry[] = [];
  /** Where in `#entries` openers stand. */
  readonly #openers: number[] = [];
  /** How many openers of a character and a count there are, as `*2`. */
  readonly #waiting = new Map<string, number>();

  /** `onMarkup` is told where runs stand that became emphasis. */
  constructor(text: string, budget: Budget, onMarkup: (from: number, to: number) => void) {
    this.#text = text;
    this.#budget = budget;
    this.#onMarkup = onMarkup;
  }

  add(node: Inline): void {
    if (node !== "") this.#entries.push({ node, opener: null, depth: 0 });
  }

  /** A run of `count` of the same sign at `at`. */
  addRun(at: number, count: number): void {
    const character = this.#text.charAt(at);
    const before = characterBefore(this.#text, at);
    const after = characterAt(this.#text, at + count);
    let left = count;
    if (count <= 3 && (character !== "~" || count === 2)) {
      if (mayClose(character, before, after)) left -= this.#close(character, count, at);
      if (left > 0 && mayOpen(character, before, after)) {
        this.#open({ character, count: left, at });
        return;
      }
    }
    this.add(character.repeat(left));
  }

  finish(): Inline[] {
    return joined(this.#entries);
  }

  #open(opener: Opener): void {
    this.#openers.push(this.#entries.length);
    this.#entries.push({ node: null, opener, depth: 0 });
    this.#count(opener, 1);
  }

  #count({ character, count }: Opener, change: number): void {
    const key = character + count;
    this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + change);
  }

  /** Returns how many of the `count` characters closed something. */
  #close(character: string, count: number, at: number): number {
    let left = count;
    while (left > 0 && this.#isAwaited(character, left)) {
      const used = this.#wrap(character, left);
      if (used === 0) break;
      left -= used;
      this.#onMarkup(at, at + count);
    }
    return count - left;
  }

  #isAwaited(character: string, count: number): boolean {
    return [1, 2, 3].some((open) => fits(open, count) && (this.#waiting.get(character + open) ?? 0) > 0);
  }

  /** Make an element of what follows the nearest opener that fits. There is one. */
  #wrap(character: string, count: number): number {
    const [index, opener] = this.#takeOpener(character, count);
    const inner = this.#entries.splice(index + 1);
    const depth = 1 + inner.reduce((most, entry) => Math.max(most, entry.depth), 0);
    if (depth > EMPHASIS_DEPTH_MAX || !this.#budget.take()) {
      this.#entries.push(...inner);
      this.#giveUp(); // whatever is around it would be too deep as well
      return 0;
    }
    const used = opener.count === 3 && count === 3 ? 1 : Math.min(opener.count, count);
    const type: EmphasisType = character === "~" ? "del" : used === 2 ? "strong" : "em";
    this.#onMarkup(opener.at, opener.at + opener.count);
    this.#entries.length = index;
    if (opener.count > used) this.#open({ character, count: opener.count - used, at: opener.at });
    this.#entries.push({ node: { type, children: joined(inner) }, opener: null, depth });
    return used;
  }

  /** Take the nearest opener that fits off the stack, and all behind it, which will not be closed any more. */
  #takeOpener(character: string, count: number): [index: number, opener: Opener] {
    for (;;) {
      const index = this.#openers.pop() ?? 0;
      const opener = this.#entries[index]?.opener;
      if (!opener) throw new Error("an opener was counted that is not there");
      this.#count(opener, -1);
      if (opener.character === character && fits(opener.count, count)) return [index, opener];
    }
  }

  #giveUp(): void {
    this.#openers.length = 0;
    this.#waiting.clear();
  }
}

/** `**` closes `**`, and three of them close, or are closed by, any. */
function fits(open: number, close: number): boolean {
  return open === close || open === 3 || close === 3;
}

/** Not behind a word, so that `2*3*4` and `snake_case_name` stay. */
function mayOpen(character: string, before: string, after: string): boolean {
  if (isSpace(after)) return false;
  if (character === "_") return !isWord(before) && !SHOULDER.test(before);
  return !isWord(before) || isUnspaced(before);
}

/** `_` not before a word. The others may: `**Wort**teil`, `**한국어**는`. */
function mayClose(character: string, before: string, after: string): boolean {
  if (isSpace(before)) return false;
  return character === "_" ? !isWord(after) : !isDigit(after);
}

function joined(entries: readonly Entry[]): Inline[] {
  const nodes: Inline[] = [];
  let text = "";
  for (const { node, opener } of entries) {
    const here = node ?? (opener === null ? "" : opener.character.repeat(opener.count));
    if (typeof here === "string") {
      text += here;
      continue;
    }
    if (text !== "") nodes.push(text);
    text = "";
    nodes.push(here);
  }
  if (text !== "") nodes.push(text);
  return nodes;
}
