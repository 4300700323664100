import type { Fallback, Obstacle, State, TransportName } from "hubbub-client";

export type Tone = "good" | "busy" | "bad";

export interface StateWords {
  tone: Tone;
  text: string;
  /** Why it is not as good as it could be, in a few words; empty: it is. */
  hint: string;
  /** What the user can do about it; null: nothing is needed. */
  action: "retry" | "signin" | null;
}

const TRANSPORTS: Readonly<Record<TransportName, string>> = {
  websocket: "WebSocket",
  sse: "event stream",
  polling: "long-polling",
};

const WIRES: Readonly<Record<string, string>> = {
  "native.msgpack": "MessagePack, compact",
  "native.json": "JSON",
};

const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  missing: "is not available in this browser",
  refused: "could not be opened",
  silent: "opened, but nothing came through",
};

/** The state line: how this page is connected, and what it is doing about it when it is not. `now`: Unix ms. */
export function stateWords(state: State, now: number): StateWords {
  switch (state.phase) {
    case "idle":
    case "connecting":
      return say("busy", "Connecting…");
    case "connected":
      if (state.sending > 0) return say("busy", `Sending ${state.sending}…`);
      return {
        ...say("good", `Connected by ${transportName(state.transport)}`),
        hint: hintOf(state.fallback),
      };
    case "reconnecting": {
      const seconds = Math.max(0, Math.ceil(((state.retryAt ?? 0) - now) / 1000));
      if (seconds === 0) return say("busy", "Reconnecting…");
      return say("busy", `Reconnecting in ${seconds} s`, "retry");
    }
    case "offline":
      return say("bad", waiting("Offline", state.sending), "retry");
    case "closed":
      return closedWords(state);
  }
}

function say(tone: Tone, text: string, action: StateWords["action"] = null): StateWords {
  return { tone, text, hint: "", action };
}

function transportName(name: TransportName | null): string {
  return name === null ? "" : (TRANSPORTS[name] ?? name);
}

function hintOf(fallback: Fallback | null): string {
  const obstacle = fallback?.websocket;
  if (obstacle === undefined) return "";
  return obstacle === "missing" ? "This browser has no WebSockets" : "Your network blocks WebSockets";
}

/** How this page is connected, for those who want to know or have to help: terms and what they are. */
export function connectionDetails({ transport, wire, fallback }: State): [term: string, text: string][] {
  const details: [string, string][] = [
    ["Transport", capital(transportName(transport))],
    ["Wire", WIRES[wire ?? ""] ?? wire ?? ""],
  ];
  for (const [name, obstacle] of Object.entries(fallback ?? {}) as [TransportName, Obstacle][]) {
    details.push([capital(transportName(name)), capital(OBSTACLES[obstacle] ?? obstacle)]);
  }
  return details;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function waiting(text: string, sending: number): string {
  return sending > 0 ? `${text}, ${sending} waiting to be sent` : text;
}

function closedWords(state: State): StateWords {
  if (state.error?.code === "unauthenticated") return say("bad", "Signed out", "signin");
  return say("bad", "Disconnected", "retry");
}
