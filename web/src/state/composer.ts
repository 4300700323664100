import { client, connected } from "./connection";
import { setDivider } from "./conversation";
import { me } from "./session";
import { load, save } from "./storage";

/** While typing goes on, others are told again this often; their view of it lasts 6 s. */
const REPEAT_MS = 3_000;

let told: { room: string; at: number } | null = null;

function draftKey(room: string): string {
  return `draft.${me.peek()?.name ?? ""}.${room}`;
}

export function draftOf(room: string): string {
  return load(draftKey(room)) ?? "";
}

export function keepDraft(room: string, text: string): void {
  save(draftKey(room), text.trim() === "" ? null : text);
}

/** Hand a message to the outbox. From here on it is not lost: it is sent as soon as there is a connection. */
export function sendMessage(room: string, text: string): void {
  client().send(room, text);
  told = null; // the message itself ends the typing
  setDivider(room, null);
}

/** The text in the composer changed. */
export function noteKeystroke(room: string, text: string, now = Date.now()): void {
  if (text.trim() === "") {
    endTyping();
    return;
  }
  if (told?.room === room && now - told.at < REPEAT_MS) return;
  if (!connected.peek()) return;
  told = { room, at: now };
  client().typing(room, true);
}

export function endTyping(): void {
  if (told !== null && connected.peek()) client().typing(told.room, false);
  told = null;
}
