/**
 * What was written and not sent, by user and room.
 *
 * Each tab has drafts of its own, which survive its reload. One place by user and room is shared, so that a draft
 * survives its tab as well: a tab writes there only while the place is empty or holds what this tab left or found
 * there. So no tab ever overwrites or forgets what another one wrote.
 */

import { forget, load, onForeignChange, save } from "./storage";

/** What this tab knows to be in the shared place, by key: it may be changed from here. */
const known = new Map<string, string>();

/** Where a browser keeps nothing. */
const own = new Map<string, string>();

function keyOf(user: string, room: string): string {
  return `draft.${user}.${room}`;
}

/** A user name may have a dot in it, a room's never has. */
function isOf(user: string, key: string): boolean {
  return key.startsWith("draft.") && key.slice("draft.".length, key.lastIndexOf(".")) === user;
}

function ownDraft(key: string): string | null {
  return own.get(key) ?? load(key, "tab");
}

export function readDraft(user: string, room: string): string {
  const key = keyOf(user, room);
  const shared = load(key);
  const mine = ownDraft(key);
  if (shared !== null && (mine === null || mine === shared)) known.set(key, shared);
  return mine ?? shared ?? "";
}

export function writeDraft(user: string, room: string, text: string): void {
  const key = keyOf(user, room);
  const value = text.trim() === "" ? null : text;
  if (value === null) own.delete(key);
  else own.set(key, value);
  save(key, value, "tab");
  share(key, value);
}

/** Put `value` into the shared place, if what is there is not another tab's. */
function share(key: string, value: string | null): void {
  const shared = load(key);
  if (shared !== null && shared !== known.get(key)) return;
  save(key, value);
  if (value === null) known.delete(key);
  else known.set(key, value);
}

/** The user signed out here: forget what they wrote. Another tab in which it still stands keeps it. */
export function forgetDrafts(user: string): void {
  for (const key of [...own.keys()]) if (isOf(user, key)) own.delete(key);
  for (const place of ["tab", "browser"] as const) forget((key) => isOf(user, key), place);
  known.clear();
}

/** The shared place became free: what this tab holds may stand there now. */
onForeignChange((key, value) => {
  if (value !== null || !key.startsWith("draft.")) return;
  known.delete(key);
  const mine = ownDraft(key);
  if (mine !== null) share(key, mine);
});
