import { HubbubError } from "hubbub-client";

/** The protocol's code of an error; "" for one that is not of the protocol (a broken network, a bug). */
export function errorCode(error: unknown): string {
  return error instanceof HubbubError ? error.code : "";
}

/** One sentence for people. */
export function errorText(error: unknown): string {
  if (error instanceof HubbubError) return error.message;
  return "The server can't be reached right now. Check your connection and try again.";
}
