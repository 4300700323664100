import { signal } from "@preact/signals";
import { Api, type ServerInfo, type User } from "hubbub-client";
import { errorCode, errorText } from "../lib/errors";
import { forget } from "./storage";

export type Stage = "loading" | "unreachable" | "setup" | "signed-out" | "signed-in";

export const api = new Api();

export const stage = signal<Stage>("loading");
export const server = signal<ServerInfo | null>(null);
export const me = signal<User | null>(null);

/** One sentence above the sign-in form: why the user is there. Empty: by their own wish. */
export const notice = signal("");

/** What the server calls itself. */
export function serverName(): string {
  return server.value?.name || "Hubbub";
}

/** Find out whether this browser is signed in. Decides what the page shows first. */
export async function boot(): Promise<void> {
  stage.value = "loading";
  try {
    const info = await api.server();
    server.value = info;
    if (info.needs_setup) {
      stage.value = "setup";
      return;
    }
    const mine = await api.me();
    me.value = mine.user;
    stage.value = "signed-in";
  } catch (error) {
    if (errorCode(error) === "unauthenticated") stage.value = "signed-out";
    else {
      notice.value = errorText(error);
      stage.value = "unreachable";
    }
  }
}

/** Raises HubbubError: wrong_credentials, too_many_attempts. */
export async function signIn(name: string, password: string): Promise<void> {
  const signed = await api.signIn({ name, password, cookie: true, device: deviceName() });
  enter(signed.user);
}

/** Raises HubbubError: bad_name, weak_password, name_taken, signup_closed. */
export async function signUp(name: string, password: string, title: string): Promise<void> {
  const signed = await api.signUp({ name, password, title, cookie: true, device: deviceName() });
  const info = server.peek();
  if (info !== null) server.value = { ...info, needs_setup: false };
  enter(signed.user);
}

function enter(user: User): void {
  notice.value = "";
  me.value = user;
  stage.value = "signed-in";
}

/** End this login on the server, as far as it can be reached, and forget what this browser kept of it. */
export async function signOut(): Promise<void> {
  try {
    await api.signOut();
  } catch (error) {
    if (errorCode(error) !== "unauthenticated") throw error;
  }
  forget("draft.");
  leave("");
}

/** The server no longer knows this login: it was ended elsewhere or it expired. */
export function sessionEnded(): void {
  leave("You have been signed out on this device. Sign in again to go on.");
}

function leave(why: string): void {
  notice.value = why;
  me.value = null;
  stage.value = "signed-out";
}

/** What this login is called in the list of devices: "Firefox on Linux". */
export function deviceName(agent = navigator.userAgent): string {
  const browser = /Edg\//.test(agent)
    ? "Edge"
    : /Firefox\//.test(agent)
      ? "Firefox"
      : /Chrome\//.test(agent)
        ? "Chrome"
        : /Safari\//.test(agent)
          ? "Safari"
          : "Browser";
  const system = /iPhone|iPad/.test(agent)
    ? "iOS"
    : /Android/.test(agent)
      ? "Android"
      : /Windows/.test(agent)
        ? "Windows"
        : /Mac OS/.test(agent)
          ? "macOS"
          : /Linux/.test(agent)
            ? "Linux"
            : "an unknown system";
  return `${browser} on ${system}`;
}
