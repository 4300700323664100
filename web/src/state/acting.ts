/** What the reader does with messages: which one is meant, and what is asked of the server about it. */

import { computed, signal } from "@preact/signals";
import { foldChanges, type Message } from "hubbub-client";
import { expectedEvents } from "../lib/expected";
import { client } from "./connection";
import { logOf, messageIn } from "./conversation";
import { noteEmoji } from "./emoji";
import { changesIn, outbox } from "./outbox";
import { currentRoom } from "./route";
import { me } from "./session";

/** The row that the pointer is on, by key; null: none. */
export const hovered = signal<string | null>(null);

/** The row that has the focus, or holds what has it. */
export const focused = signal<string | null>(null);

/** The row that shows what can be done with it. */
export const active = computed(() => focused.value ?? hovered.value);

/** The row to which Tab leads; null: the newest. */
export const entered = signal<string | null>(null);

/** The message that is being edited in its place, and the text so far. */
export const editing = signal<{ room: string; seq: number; text: string } | null>(null);

/** What is being answered, by room. */
export const replies = signal<ReadonlyMap<string, number>>(new Map());

export function isMine(message: Message): boolean {
  return message.sender === me.value?.name;
}

export function canDelete(message: Message): boolean {
  return isMine(message) || me.value?.admin === true;
}

/** What is held of the open room's log, with what I have changed and is not confirmed yet. */
export const shownEvents = computed(() => {
  const room = currentRoom.value;
  if (room === null) return [];
  const name = me.value?.name ?? "";
  return foldChanges(logOf(room).value.events, expectedEvents(changesIn(room, outbox.value), name), name);
});

/** A message of the open room, as it is shown; null: it is not here, or deleted. */
export function openMessage(seq: number): Message | null {
  const message = messageIn(shownEvents.value, seq);
  return message === null || message.state?.deleted === true ? null : message;
}

export function startEdit({ room, seq, text = "" }: Message): void {
  editing.value = { room, seq, text };
}

/** The text is another one: tell the server. Empty or as it was: nothing changes. */
export function endEdit(message: Message, text: string): void {
  editing.value = null;
  if (text !== "" && text !== message.text) client().edit(message.room, message.seq, text);
}

export function startReply({ room, seq }: Message): void {
  replies.value = new Map(replies.peek()).set(room, seq);
}

export function endReply(room: string): void {
  const next = new Map(replies.peek());
  next.delete(room);
  replies.value = next;
}

export function deleteMessage({ room, seq }: Message): void {
  if (editing.peek()?.seq === seq) editing.value = null;
  client().delete(room, seq);
}

/** Put my reaction there, or take it back. `message`: as it is shown. */
export function toggleReaction(message: Message, emoji: string): void {
  const { room, seq, state } = message;
  const mine = state?.reactions?.some((one) => one.emoji === emoji && one.mine === true) === true;
  if (mine) client().unreact(room, seq, emoji);
  else addReaction(message, emoji);
}

export function addReaction({ room, seq, state }: Message, emoji: string): void {
  noteEmoji(emoji);
  const mine = state?.reactions?.some((one) => one.emoji === emoji && one.mine === true) === true;
  if (!mine) client().react(room, seq, emoji);
}

/** The last message of mine that can be edited; null: there is none here. */
export function lastOfMine(room: string): Message | null {
  const { events } = logOf(room).peek();
  return (
    events.findLast(
      (event): event is Message =>
        event.type === "message" && event.sender === me.peek()?.name && event.state?.deleted !== true,
    ) ?? null
  );
}

export function forgetActing(): void {
  hovered.value = focused.value = entered.value = editing.value = null;
  replies.value = new Map();
}
