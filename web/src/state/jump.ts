import { signal } from "@preact/signals";
import { errorText } from "../lib/errors";
import { loadAround, loadLatest, logOf, messageIn } from "./conversation";
import { notify } from "./notices";
import { openAt } from "./places";

/** Where a message lands that was out of sight: its end is so far below the upper edge. */
const OFFSET_PX = 240;

/** A message to be brought on the screen and into focus. Each request is another object. */
export const target = signal<{ readonly room: string; readonly seq: number } | null>(null);

/** Becomes another one when a conversation is to open anew, at another place of its log. */
export const visit = signal(0);

/** Lead the reader to the message `seq`, wherever it is. */
export async function jumpTo(room: string, seq: number): Promise<void> {
  try {
    await loadAround(room, seq);
  } catch (error) {
    notify(`The message can’t be shown. ${errorText(error)}`);
    return;
  }
  if (messageIn(logOf(room).peek().events, seq) === null) notify("The message can’t be shown.");
  else target.value = { room, seq };
}

let tried: object | null = null;

/** The row of what was asked for is not in the document: open the conversation there, once. */
export function openThere(): void {
  const wanted = target.peek();
  if (wanted === null) return;
  if (wanted === tried) {
    target.value = null;
    return;
  }
  tried = wanted;
  openAt(wanted.room, { seq: wanted.seq, offset: OFFSET_PX });
  visit.value += 1;
}

/** Back to the newest message, from a part of the log that does not reach it. */
export function openLatest(room: string): void {
  openAt(room, null);
  visit.value += 1;
  void loadLatest(room);
}
