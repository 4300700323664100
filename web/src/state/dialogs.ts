import { batch, computed } from "@preact/signals";
import { closeLayer, type DialogName, layers, openLayer } from "./route";

export type { DialogName } from "./route";

/** The dialogs that are open, one over the other; only the last one is on the screen. */
export const dialogs = computed(() => layers.value.filter((layer) => layer.name !== "members"));

/** The dialog on the screen; null: none. */
export const dialog = computed(() => dialogs.value.at(-1)?.name ?? null);

/** Open a dialog. One that is open already stays as it is behind it, and comes back when this one is closed. */
export function openDialog(
  name: DialogName,
  begin: { title?: string; room?: string; seq?: number } = {},
): void {
  if (dialog.peek() !== name) openLayer({ name, ...begin });
}

/** Open a dialog in the place of the one on the screen. */
export function nextDialog(name: DialogName, begin: { seq?: number } = {}): void {
  batch(() => {
    closeDialog();
    openDialog(name, begin);
  });
}

/** Close the dialog on the screen. */
export function closeDialog(): void {
  if (dialog.peek() !== null) closeLayer();
}
