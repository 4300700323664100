/** What the tabs of one browser tell each other. Whatever concerns all of them goes through here. */

import type { User } from "hubbub-client";

export type News =
  /** This browser acts as somebody from now on. */
  | { type: "signed-in"; user: string }
  /** It was somebody's own wish, in one of the tabs. */
  | { type: "signed-out"; user: string }
  /** My account changed. */
  | { type: "account"; user: User }
  /** A draft became a message; a tab that shows a copy of it has nothing more to send. */
  | { type: "draft-sent"; user: string; room: string; text: string };

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("hubbub");
const listeners = new Set<(news: News) => void>();

/** Tell all other tabs. */
export function tellTabs(news: News): void {
  channel?.postMessage(news);
}

/** Hear what the other tabs tell. Returns what ends it. */
export function onTabs(listener: (news: News) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

channel?.addEventListener("message", ({ data }: MessageEvent<News>) => {
  for (const listener of listeners) listener(data);
});
