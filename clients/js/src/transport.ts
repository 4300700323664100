import type { HubbubError } from "./errors.js";
import type { ServerFrame } from "./vocabulary.js";

/** The ways to a server, the best one first. */
export const TRANSPORTS = ["websocket", "sse", "polling"] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** What became of a command. `too_long`: the server would close for good on it, so it does not leave the house. */
export type Written = "written" | "down" | "too_long";

/** How a transport ended. */
export interface End {
  /** As in RFC 6455 section 7.4; 1006: without a word of the server. */
  code: number;
  reason: string;
  /** What is known beyond that. */
  error?: HubbubError;
  /** Nothing can be reached at all, or the server is not there: another transport would not fare better. */
  dead?: boolean;
}

/** Hears a transport, never before its constructor has returned, and nothing after `closed`. */
export interface TransportHandler {
  /** The way is open, as far as one can see from here: nothing has come down yet, or only what opens it. */
  open(): void;
  frame(frame: ServerFrame): void;
  /** Something came that carries no frame. */
  alive(): void;
  closed(end: End): void;
}

/** One way to a server, from its opening to its end: carries commands and frames, and the sign-in. Knows no clock. */
export interface Transport {
  readonly name: TransportName;
  /** `limit`: how many bytes the server takes at once. */
  send(command: object, limit: number): Written;
  /** Leave. Nothing is heard any more. */
  close(): void;
}

/** What every transport needs. */
export interface TransportSettings {
  /** The server's http(s) address, ending in a slash. */
  base: string;
  /** null: the browser's cookie signs in. */
  token: string | null;
}
