import { computed, signal } from "@preact/signals";

/** Whether the page is on the screen at all. */
const visible = signal(document.visibilityState === "visible");

/** Whether the newest message of the open conversation is in view. Kept by the timeline. */
export const atBottom = signal(true);

/** What arrives now in the open room is seen. */
export const attending = computed(() => visible.value && atBottom.value);

document.addEventListener("visibilitychange", () => {
  visible.value = document.visibilityState === "visible";
});
