import { computed, effect, signal } from "@preact/signals";
import { Hubbub, type State } from "hubbub-client";
import { stateWords } from "../lib/wording";
import { load } from "./storage";

const IDLE: State = {
  phase: "idle",
  transport: null,
  wire: null,
  fallback: null,
  user: null,
  session: null,
  attempt: 0,
  retryAt: null,
  error: null,
  sending: 0,
};

/** How this page is connected, as the client tells. */
export const connection = signal<State>(IDLE);

/** Unix ms, moving only while something on the screen counts down. */
const now = signal(Date.now());

export const connected = computed(() => connection.value.phase === "connected");

/** Whether what is not there yet is on its way. Not while the server cannot be reached. */
export const coming = computed(() => ["idle", "connecting", "connected"].includes(connection.value.phase));

/** The state line's words. */
export const words = computed(() => stateWords(connection.value, now.value));

const current = signal<Hubbub | null>(null);

/** The client of the signed-in user. Throws before `openConnection`: a bug. */
export function client(): Hubbub {
  const value = current.peek();
  if (value === null) throw new Error("not signed in");
  return value;
}

/** Make the client of the signed-in user `name`. It connects when `connect` is called, after listeners are in place. */
export function openConnection(name: string): Hubbub {
  closeConnection();
  // localStorage["hubbub.wire"] = "json" makes the frames readable in the browser's tools.
  const made = new Hubbub({ user: name, wire: load("wire") === "json" ? "json" : "msgpack" });
  made.on("state", (state) => {
    connection.value = { ...state };
    now.value = Date.now();
  });
  current.value = made;
  return made;
}

export function closeConnection(): void {
  current.peek()?.close();
  current.value = null;
  connection.value = IDLE;
}

export function retryNow(): void {
  current.peek()?.reconnectNow();
}

/** Where the browser keeps nothing, leaving the page would lose what has not been sent: let it ask first. */
addEventListener("beforeunload", (event) => {
  const { sending, storage } = connection.peek();
  if (sending > 0 && storage === "memory") event.preventDefault();
});

effect(() => {
  if (connection.value.phase !== "reconnecting" || connection.value.retryAt === null) return;
  const timer = setInterval(() => {
    now.value = Date.now();
  }, 250);
  return () => clearInterval(timer);
});
