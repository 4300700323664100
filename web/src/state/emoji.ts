import { computed, signal } from "@preact/signals";
import { putFirst, QUICK, TONES, type Tone } from "../lib/emoji";
import { load, save } from "./storage";

const RECENT = "emoji.recent";
const TONE = "emoji.tone";
const KEPT = 24;

/** What was used last in this browser, the last one first. */
export const recentEmoji = signal<readonly string[]>(
  (load(RECENT) ?? "").split(" ").filter(Boolean).slice(0, KEPT),
);

export const tone = signal<Tone>(TONES.find((one) => one === load(TONE)) ?? "");

/** A few to choose from at once. */
export const quickEmoji = computed(() => [...new Set([...recentEmoji.value.slice(0, 3), ...QUICK])]);

export function noteEmoji(emoji: string): void {
  recentEmoji.value = putFirst(recentEmoji.peek(), emoji, KEPT);
  save(RECENT, recentEmoji.peek().join(" "));
}

export function chooseTone(next: Tone): void {
  tone.value = next;
  save(TONE, next || null);
}
