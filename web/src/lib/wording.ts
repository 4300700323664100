import type { State } from "hubbub-client";

export type Tone = "good" | "busy" | "bad";

export interface StateWords {
  tone: Tone;
  text: string;
  /** What the user can do about it; null: nothing is needed. */
  action: "retry" | "signin" | null;
}

const TRANSPORTS: Readonly<Record<string, string>> = { websocket: "WebSocket" };

/** The state line: how this page is connected, and what it is doing about it when it is not. `now`: Unix ms. */
export function stateWords(state: State, now: number): StateWords {
  switch (state.phase) {
    case "idle":
    case "connecting":
      return { tone: "busy", text: "Connecting…", action: null };
    case "connected":
      if (state.sending > 0) return { tone: "busy", text: `Sending ${state.sending}…`, action: null };
      return {
        tone: "good",
        text: `Connected by ${TRANSPORTS[state.transport ?? ""] ?? state.transport}`,
        action: null,
      };
    case "reconnecting": {
      if (state.retryAt === null) return { tone: "busy", text: "Reconnecting…", action: null };
      const seconds = Math.max(0, Math.ceil((state.retryAt - now) / 1000));
      if (seconds === 0) return { tone: "busy", text: "Reconnecting…", action: null };
      return { tone: "busy", text: `Reconnecting in ${seconds} s`, action: "retry" };
    }
    case "offline":
      return { tone: "bad", text: waiting("Offline", state.sending), action: "retry" };
    case "closed":
      return closedWords(state);
  }
}

function waiting(text: string, sending: number): string {
  return sending > 0 ? `${text}, ${sending} waiting to be sent` : text;
}

function closedWords(state: State): StateWords {
  if (state.error?.code === "unauthenticated") return { tone: "bad", text: "Signed out", action: "signin" };
  return { tone: "bad", text: "Disconnected", action: "retry" };
}
