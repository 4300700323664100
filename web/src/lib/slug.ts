/** The longest room id that the server accepts. */
export const SLUG_MAX = 64;

const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Letters that do not decompose into a base letter and a mark. */
const SPELLED: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  ø: "o",
  œ: "oe",
  ł: "l",
  đ: "d",
  þ: "th",
};

/** Whether `text` can be a room's permanent name. */
export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

/** A room id made from a title: "Café & Crème" gives "cafe-creme". Empty when the title has nothing usable. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[ßæøœłđþ]/g, (letter) => SPELLED[letter] ?? "")
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, SLUG_MAX)
    .replace(/[-_]+$/, "");
}
