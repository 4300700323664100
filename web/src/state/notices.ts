import { signal } from "@preact/signals";

/** Something that could not be done, in words, for as long as somebody needs to read it. */
export interface Notice {
  readonly id: number;
  readonly text: string;
}

const SHOWN_MS = 15_000;
/** More of them at a time say nothing more. */
const SHOWN_MAX = 3;

export const notices = signal<readonly Notice[]>([]);
let last = 0;

export function notify(text: string): void {
  const notice = { id: ++last, text };
  notices.value = [...notices.peek().filter((one) => one.text !== text), notice].slice(-SHOWN_MAX);
  setTimeout(() => dismiss(notice.id), SHOWN_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}

export function forgetNotices(): void {
  notices.value = [];
}
