import { signal } from "@preact/signals";

export type DialogName = "new-room" | "browse" | "switcher" | "account" | "leave";

/** The one dialog on the screen; null: none. */
export const dialog = signal<DialogName | null>(null);

export function openDialog(name: DialogName): void {
  dialog.value = name;
}

export function closeDialog(): void {
  dialog.value = null;
}
