import type { ErrorBody } from "./vocabulary.js";

/**
 * Why something was refused or could not be done. Branch on `code`, show `message`.
 *
 * The server's codes are `ErrorCode`. The client adds four of its own, all `retryable`: `disconnected` (there was no
 * connection, or it broke before the answer), `timeout` (no answer in time), `unreachable` (an HTTP request found no
 * server) and `bad_response` (an answer that is not of this protocol).
 */
export class HubbubError extends Error {
  readonly code: string;
  /** True: the same call may succeed later without any change. */
  readonly retryable: boolean;
  /** Not before this time, in milliseconds; 0: not known. */
  readonly retryAfterMs: number;

  constructor(code: string, message: string, retryable = false, retryAfterMs = 0) {
    super(message);
    this.name = "HubbubError";
    this.code = code;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }

  static of(body: ErrorBody): HubbubError {
    return new HubbubError(body.code, body.message, body.retryable, (body.retry_after_seconds ?? 0) * 1000);
  }
}

export const disconnected = (): HubbubError =>
  new HubbubError("disconnected", "There is no connection to the server right now.", true);

export const timedOut = (): HubbubError =>
  new HubbubError("timeout", "The server did not answer in time.", true);

export const unauthenticated = (message = "This session has ended. Sign in again."): HubbubError =>
  new HubbubError("unauthenticated", message);

export const textTooLong = (): HubbubError => new HubbubError("text_too_long", "The text is too long.");
