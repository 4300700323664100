import { computed, signal } from "@preact/signals";
import { layers } from "./route";

/** Whether the page is on the screen, in the window that people act on. One beside another window is not read. */
const attended = signal(isAttended());

/** What of a room's log has stood on the screen: the `seq` of the last event, and whether that is the newest one. */
export interface Shown {
  readonly room: string;
  readonly seq: number;
  readonly end: boolean;
}

/** Kept by the open room's timeline; null: there is none yet. */
export const shown = signal<Shown | null>(null);

/** What is on the screen is being read: nothing stands in front of it. */
export const attending = computed(() => attended.value && layers.value.length === 0);

/** Whether the end of the open conversation is out of sight. */
export const behind = computed(() => shown.value?.end === false);

/** What arrives now in the open room is seen. */
export const awaiting = computed(() => attending.value && shown.value?.end === true);

function isAttended(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function look(): void {
  attended.value = isAttended();
}

document.addEventListener("visibilitychange", look);
addEventListener("focus", look);
addEventListener("blur", look);
addEventListener("pageshow", look);
