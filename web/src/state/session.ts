import { batch, effect, signal } from "@preact/signals";
import type { Me, ServerInfo, User } from "hubbub-client";
import { deviceName } from "../lib/device";
import { errorCode, errorText } from "../lib/errors";
import { slugOf } from "../lib/slug";
import { api } from "./api";
import { forgetDrafts } from "./drafts";
import { beginLeaving, finishLeaving, isLeaving, untold } from "./leaving";
import { go } from "./route";
import { load, save } from "./storage";
import { onTabs, tellTabs } from "./tabs";

export type Stage = "loading" | "unreachable" | "setup" | "signed-out" | "signed-in";

export const stage = signal<Stage>("loading");
export const server = signal<ServerInfo | null>(null);
export const me = signal<User | null>(null);

/** One sentence above the sign-in form: why the user is there. Empty: by their own wish. */
export const notice = signal("");

/** What the server calls itself. */
export function serverName(): string {
  return server.value?.name || "Hubbub";
}

/** The user whose login in this browser has ended, for the form; "": none. */
export const lastName = signal("");

/** Whose login this browser kept last. The server alone knows whether it still is one. */
const KEPT = "user";
const RETRY_MS = 5_000;
let session = "";
let retry: ReturnType<typeof setTimeout> | undefined;

/** Find out whether this browser is signed in. Decides what the page shows first. */
export async function boot(): Promise<void> {
  clearTimeout(retry);
  if (stage.peek() !== "unreachable") stage.value = "loading";
  try {
    await finishLeaving();
    const info = await api.server();
    server.value = info;
    if (info.needs_setup) stage.value = "setup";
    else arrive(await api.me());
  } catch (error) {
    if (errorCode(error) === "unauthenticated") endedMeanwhile();
    else if (isLeaving()) leave("");
    else {
      notice.value = errorText(error);
      stage.value = "unreachable";
      retry = setTimeout(boot, RETRY_MS);
    }
  }
}

/** Raises HubbubError: wrong_credentials, too_many_attempts. */
export async function signIn(name: string, password: string): Promise<void> {
  await finishLeaving();
  enter(await api.signIn({ name, password, cookie: true, device: deviceName() }));
}

/** Raises HubbubError: bad_name, weak_password, name_taken, signup_closed. */
export async function signUp(name: string, password: string, title: string): Promise<void> {
  enter(await register(name, password, title));
}

async function register(name: string, password: string, title: string): Promise<Me> {
  await finishLeaving();
  const signed = await api.signUp({ name, password, title, cookie: true, device: deviceName() });
  const info = server.peek();
  if (info !== null) server.value = { ...info, needs_setup: false };
  return signed;
}

/**
 * The first account, and the first room, where whoever comes next finds company. `room`: its title; "": none.
 * Raises HubbubError: bad_name, weak_password.
 */
export async function setUp(name: string, password: string, title: string, room: string): Promise<void> {
  const signed = await register(name, password, title);
  const id = slugOf(room);
  if (id !== "") {
    try {
      await api.createRoom(id, room);
      go(id, true);
    } catch {
      // It can be made later: the page that follows offers it.
    }
  }
  enter(signed);
}

function enter(login: Me): void {
  arrive(login);
  tellTabs({ type: "signed-in", user: login.user.name });
}

function arrive(login: Me): void {
  batch(() => {
    notice.value = "";
    lastName.value = "";
    session = login.session;
    me.value = login.user;
    stage.value = "signed-in";
  });
  save(KEPT, login.user.name);
}

/** The account is another one than before: here, and in the other tabs. Raises HubbubError: bad_field. */
export async function changeTitle(title: string): Promise<void> {
  const { user } = await api.updateMe({ title });
  me.value = user;
  tellTabs({ type: "account", user });
}

/**
 * Leave, in all tabs of this browser, and forget what it kept. The server hears of it when it can be reached; until
 * then nobody comes in by this login here, though its cookie is there.
 */
export async function signOut(): Promise<void> {
  const name = me.peek()?.name ?? "";
  if (session !== "") beginLeaving(session);
  save(KEPT, null);
  leave("");
  tellTabs({ type: "signed-out", user: name });
  forgetDrafts(name);
  await finishLeaving().catch(() => undefined);
}

/** The server no longer knows this login: it was ended elsewhere or it expired. `why`: one sentence. */
export function sessionEnded(why: string): void {
  const name = me.peek()?.name ?? "";
  leave(why);
  lastName.value = name;
  save(KEPT, null);
}

/** The page was opened with a login that has ended. */
function endedMeanwhile(): void {
  const name = load(KEPT) ?? "";
  leave(
    name === "" ? "" : "Your login has ended: it was not used for long, or it was ended on another device.",
  );
  lastName.value = name;
  save(KEPT, null);
}

function leave(why: string): void {
  batch(() => {
    notice.value = why;
    lastName.value = "";
    session = "";
    me.value = null;
    stage.value = "signed-out";
  });
}

onTabs((news) => {
  const name = me.peek()?.name;
  if (news.type === "account" && news.user.name === name) me.value = news.user;
  else if (news.type === "signed-out" && news.user === name) leave("You have signed out in another tab.");
  else if (news.type === "signed-in" && news.user !== name) boot();
});

/** Signed out while the server was out of reach, and the page opened anew: there was no way to learn its name. */
effect(() => {
  if (!untold.value && stage.peek() === "signed-out" && server.peek() === null) boot();
});

addEventListener("online", () => {
  if (stage.peek() === "unreachable") boot();
});
