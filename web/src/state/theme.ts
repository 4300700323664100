import { effect, signal } from "@preact/signals";
import { load, onForeignChange, save } from "./storage";

export type Theme = "system" | "light" | "dark";

const KEY = "theme";

/** The chosen look; "system" follows the device's setting. */
export const theme = signal<Theme>(stored());

function stored(): Theme {
  const value = load(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

/** Keep the page and the storage in step with `theme`. Call once, before anything is shown. */
export function applyTheme(): void {
  effect(() => {
    const root = document.documentElement;
    if (theme.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.value;
    if (theme.value !== stored()) save(KEY, theme.value === "system" ? null : theme.value);
  });
  onForeignChange((key) => {
    if (key === KEY) theme.value = stored();
  });
}
