const encoder = new TextEncoder();

/** The length of `text` as the server measures it: UTF-8 bytes. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** "1 room", "2 rooms". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** A count for a badge, at most three characters: "7", "99+". */
export function badge(count: number): string {
  return count > 99 ? "99+" : String(count);
}

/** "Ada", "Ada and Bob", "Ada, Bob and Cy", "Ada, Bob and 3 others". */
export function listNames(names: readonly string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= shown) return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
  const rest = names.length - (shown - 1);
  return `${names.slice(0, shown - 1).join(", ")} and ${rest} others`;
}

/** "Ada is typing…" for up to two people, then "Several people are typing…". Empty for nobody. */
export function typingText(names: readonly string[]): string {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
  return "Several people are typing…";
}

/** What stands above or below a composer that is nearly full. null: there is plenty of room. */
export function limitText(text: string, limit: number): { over: boolean; text: string } | null {
  // One UTF-16 unit is at most 3 bytes, so most texts need no encoding to be known as short.
  if (text.length * 3 < limit * 0.9) return null;
  const left = limit - byteLength(text);
  if (left >= limit * 0.1) return null;
  return left < 0
    ? { over: true, text: `${plural(-left, "byte")} too long` }
    : { over: false, text: `${plural(left, "byte")} left` };
}

/** What stands there when this much of a pasted text had no room. */
export function cutText(characters: number): { over: boolean; text: string } {
  return {
    over: true,
    text: `Too long: the last ${plural(characters, "character was", "characters were")} left out`,
  };
}

/** One or two letters for an avatar: "Ada Lovelace" gives "AL", "bob" gives "B". */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const first = Array.from(words[0] ?? name)[0] ?? "?";
  const last = words.length > 1 ? (Array.from(words[words.length - 1] ?? "")[0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** One of `count` colours for a name, the same on every device (FNV-1a). */
export function hueIndex(name: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % count;
}
