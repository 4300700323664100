import { spellOut } from "./fold";
import { latin } from "./latin";
import { hueIndex } from "./text";

/** The longest room id that the server accepts. */
export const SLUG_MAX = 64;

const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Whether `text` can be a room's permanent name. */
export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

/**
 * A room id made from a title: "Café & Crème" gives "cafe-creme", "Новости" gives "novosti". A title of which most has
 * no Latin spelling gets a number, always the same: "日本語" gives "room-" and five digits. Empty for a blank title.
 */
export function slugOf(title: string): string {
  const spelled = latin(spellOut(title));
  const lost = spelled.match(/(?![a-z0-9])[\p{L}\p{N}]/gu)?.length ?? 0;
  const kept = spelled.match(/[a-z0-9]/g)?.length ?? 0;
  const slug = spelled
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, SLUG_MAX)
    .replace(/[-_]+$/, "");
  if (slug !== "" && kept >= lost) return slug;
  return title.trim() === "" ? "" : `room-${10_000 + hueIndex(title.trim().normalize(), 90_000)}`;
}
