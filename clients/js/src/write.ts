import type { Command } from "./vocabulary.js";

/**
 * What is to become an event of a room's log. `about`: the `seq` of the message that is meant.
 *
 * `send`: a message, as an answer to the message `replyTo`. `edit`: another text for a message of mine. `delete`: of
 * mine, or as an administrator anybody's. `change_room`: what is absent stays as it is.
 */
export type Write =
  | { readonly type: "send"; readonly text: string; readonly replyTo?: number }
  | { readonly type: "edit"; readonly about: number; readonly text: string }
  | { readonly type: "delete"; readonly about: number }
  | { readonly type: "react" | "unreact"; readonly about: number; readonly emoji: string }
  | { readonly type: "change_room"; readonly title?: string; readonly topic?: string };

type WriteCommand = Extract<Command, { nonce: string }>;

/** The command that asks for it. */
export function commandOf(write: Write, room: string, nonce: string): WriteCommand {
  switch (write.type) {
    case "send": {
      const { type, text, replyTo } = write;
      return { type, room, text, nonce, ...(replyTo !== undefined && { reply_to: replyTo }) };
    }
    case "edit":
      return { type: "edit", room, seq: write.about, text: write.text, nonce };
    case "delete":
      return { type: "delete", room, seq: write.about, nonce };
    case "react":
    case "unreact":
      return { type: write.type, room, seq: write.about, emoji: write.emoji, nonce };
    case "change_room": {
      const { type, title, topic } = write;
      return {
        type,
        room,
        nonce,
        ...(title !== undefined && { title }),
        ...(topic !== undefined && { topic }),
      };
    }
  }
}

/** What somebody typed; empty: nothing was. */
export function textOf(write: Write): string {
  return write.type === "send" || write.type === "edit" ? write.text : "";
}

/** Half a surrogate pair is no text: the server would replace it, and the outbox shows what is stored. */
export function wellFormed(write: Write): Write {
  if (write.type !== "send" && write.type !== "edit") return write;
  const bytes = new TextEncoder().encode(write.text);
  return { ...write, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) };
}
