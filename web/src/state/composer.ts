import { client, connected } from "./connection";
import { readDraft, writeDraft } from "./drafts";
import { me } from "./session";
import { onTabs, tellTabs } from "./tabs";

/** While typing goes on, others are told again this often; their view of it lasts 6 s. */
const REPEAT_MS = 3_000;

let told: { room: string; at: number } | null = null;

function writer(): string {
  return me.peek()?.name ?? "";
}

export function draftOf(room: string): string {
  return readDraft(writer(), room);
}

export function keepDraft(room: string, text: string): void {
  writeDraft(writer(), room, text);
}

/** The draft `text` has become a message. */
export function draftSent(room: string, text: string): void {
  keepDraft(room, "");
  tellTabs({ type: "draft-sent", user: writer(), room, text });
}

/** Another tab sent a draft of which this one may show a copy. Returns what ends the listening. */
export function onDraftSent(listener: (room: string, text: string) => void): () => void {
  return onTabs((news) => {
    if (news.type === "draft-sent" && news.user === writer()) listener(news.room, news.text);
  });
}

onDraftSent((room, text) => {
  if (draftOf(room) === text) keepDraft(room, "");
});

/** Hand a message to the outbox. From here on it is not lost: it is sent as soon as there is a connection. */
export function sendMessage(room: string, text: string, replyTo?: number): void {
  client().send(room, text, replyTo === undefined ? {} : { replyTo });
  told = null; // the message itself ends the typing
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
