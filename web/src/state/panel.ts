import { signal } from "@preact/signals";
import { load, save } from "./storage";

const KEY = "members";
const wide = matchMedia("(min-width: 1100px)");

/** Whether the members stand beside the conversation (in front of it on a small screen). */
export const membersShown = signal(wide.matches && load(KEY) !== "hidden");

export function toggleMembers(): void {
  membersShown.value = !membersShown.peek();
  if (wide.matches) save(KEY, membersShown.peek() ? null : "hidden");
}

export function hideMembers(): void {
  membersShown.value = false;
}

/** On a small screen the panel covers the conversation and goes away with it. */
export function hideMembersIfNarrow(): void {
  if (!wide.matches) hideMembers();
}

wide.addEventListener("change", () => {
  membersShown.value = wide.matches && load(KEY) !== "hidden";
});
