import { computed, signal } from "@preact/signals";
import { closeLayer, layers, openLayer } from "./route";
import { load, save } from "./storage";

const KEY = "members";
const query = matchMedia("(min-width: 1100px)");
const wide = signal(query.matches);
const small = matchMedia("(max-width: 719px)");

/** Whether the screen has room for the list of rooms or for a conversation, but not for both. */
export const onePane = signal(small.matches);

/** Whether they are wanted beside the conversation. Where there is no place for that, they are a layer in front of it. */
const beside = signal(load(KEY) !== "hidden");

/** Whether the members stand beside the conversation (in front of it on a small screen). */
export const membersShown = computed(() =>
  wide.value ? beside.value : layers.value.some((layer) => layer.name === "members"),
);

export function toggleMembers(): void {
  if (membersShown.peek()) hideMembers();
  else if (wide.peek()) keep(true);
  else openLayer({ name: "members" });
}

export function hideMembers(): void {
  if (wide.peek()) keep(false);
  else hideMembersIfNarrow();
}

/** On a small screen the panel covers the conversation. */
export function hideMembersIfNarrow(): void {
  if (!wide.peek() && layers.peek().at(-1)?.name === "members") closeLayer();
}

function keep(shown: boolean): void {
  beside.value = shown;
  save(KEY, shown ? null : "hidden");
}

query.addEventListener("change", () => {
  wide.value = query.matches;
});
small.addEventListener("change", () => {
  onePane.value = small.matches;
});
