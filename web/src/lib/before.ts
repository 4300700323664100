/** The digits of a user name, as a server sorts them. */
const DIGITS = "-.0123456789_abcdefghijklmnopqrstuvwxyz";
const LONGEST = 32;

/**
 * The greatest user name that sorts before `name`; null: there is none. A page of members after it begins with `name`,
 * if that is a member.
 */
export function nameBefore(name: string): string | null {
  const head = name.slice(0, -1);
  const digit = DIGITS.indexOf(name.slice(-1));
  if (digit > 0) return (head + DIGITS[digit - 1]).padEnd(LONGEST, DIGITS.slice(-1));
  return head === "" ? null : head;
}
