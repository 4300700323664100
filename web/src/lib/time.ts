const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const dayThisYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOther = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The start of the local day that holds `ms`. Equal for two times of one day. */
export function dayOf(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

/** The start of the local day after the one that holds `ms`. */
export function dayAfter(ms: number): number {
  return new Date(ms).setHours(24, 0, 0, 0);
}

/** Whole local days from `ms` to `now`; safe across changes of summer time. */
function daysAgo(ms: number, now: number): number {
  return Math.round((dayOf(now) - dayOf(ms)) / (24 * HOUR_MS));
}

/** "14:05", or "2:05 PM", as people write it here. */
export function clockText(ms: number): string {
  return clock.format(ms);
}

/** "14:05" or "2:05", for where there is little room: without AM or PM, in whatever language. */
export function narrowClockText(ms: number): string {
  const parts = clock.formatToParts(ms).filter((part) => part.type !== "dayPeriod");
  return parts
    .map((part) => part.value)
    .join("")
    .replace(/^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu, "");
}

/** The whole date and time, for a `title`. */
export function fullText(ms: number): string {
  return full.format(ms);
}

/** A day's heading: "Today", "Yesterday", "Monday, 3 March", with the year when it is another one. */
export function dayText(ms: number, now: number): string {
  const days = daysAgo(ms, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? dayThisYear : dayOther).format(ms);
}

/** The room list's last activity: "14:05" today, "Monday" this week, then "3 Mar". Empty for 0: never. */
export function activityText(ms: number, now: number): string {
  if (ms === 0) return "";
  const days = daysAgo(ms, now);
  if (days <= 0) return clockText(ms);
  if (days === 1) return "Yesterday";
  return days < 7 ? weekday.format(ms) : shortDay.format(ms);
}

/** "just now", "12 minutes ago", "3 hours ago", "yesterday", "5 days ago". */
export function agoText(ms: number, now: number): string {
  const age = Math.max(0, now - ms);
  if (age < 2 * MINUTE_MS) return "just now";
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} minutes ago`;
  if (age < 2 * HOUR_MS) return "an hour ago";
  if (daysAgo(ms, now) === 0) return `${Math.floor(age / HOUR_MS)} hours ago`;
  const days = Math.max(1, daysAgo(ms, now));
  return days === 1 ? "yesterday" : `${days} days ago`;
}
