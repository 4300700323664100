// Runs before the first paint, so that a chosen look does not flash in the other one. state/theme.ts keeps the choice.
try {
  const theme = localStorage.getItem("hubbub.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that forbids storage shows the device's look.
}
