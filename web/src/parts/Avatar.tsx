import { hueIndex, initials } from "../lib/text";

const COLOURS = 8;

/** A user's letters on a colour of their own. Decorative: the name stands beside it. */
export function Avatar({ name, title, size = "m" }: { name: string; title: string; size?: "s" | "m" | "l" }) {
  return (
    <span class={`avatar avatar-${size} tint-${hueIndex(name, COLOURS)}`} aria-hidden="true">
      {initials(title)}
    </span>
  );
}
