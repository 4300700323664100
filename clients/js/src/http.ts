import { HubbubError } from "./errors.js";
import { textBytes } from "./text.js";
import type {
  End,
  Transport,
  TransportHandler,
  TransportName,
  TransportSettings,
  Written,
} from "./transport.js";
import type { ServerFrame } from "./vocabulary.js";

/** How long a POST may take. */
const POST_MS = 15_000;

/** The server's word for the end of a connection, where there is no close frame. */
interface Closing {
  type: "closing";
  code: number;
  reason: string;
}

/**
 * What the transports without a WebSocket have in common: commands go up by POST, one request at a time, so that they
 * arrive in order; what is written meanwhile goes together with the next.
 */
export abstract class HttpTransport implements Transport {
  abstract readonly name: TransportName;
  readonly #path: string;
  readonly #base: string;
  readonly #token: string | null;
  readonly #header: boolean;
  readonly #handler: TransportHandler;
  readonly #fetch: typeof fetch;
  readonly #gone = new AbortController();
  #lines: string[] = [];
  #posting = false;
  #limit = 0;
  /** Below `base`: the address of the connection; null until the server has named it. */
  #place: string | null = null;

  /** `path`: "sse" or "poll". `header`: whether the token goes with the first request; otherwise `auth` is sent. */
  constructor(
    path: string,
    header: boolean,
    { base, token }: TransportSettings,
    handler: TransportHandler,
    fetcher: typeof fetch,
  ) {
    this.#path = path;
    this.#base = base;
    this.#token = token;
    this.#header = header;
    this.#handler = handler;
    this.#fetch = fetcher;
    void Promise.resolve()
      .then(() => this.run())
      .catch((error: unknown) => this.end(error instanceof Broken ? error.end : { ...SILENT, dead: true }));
  }

  /** Open the connection and take what comes down, until it ends. */
  protected abstract run(): Promise<void>;

  get ended(): boolean {
    return this.#gone.signal.aborted;
  }

  send(command: object, limit: number): Written {
    if (this.#place === null || this.ended) return "down";
    const line = JSON.stringify(command);
    if (textBytes(line) > limit) return "too_long";
    this.#limit = limit;
    this.#lines.push(line);
    void this.#post();
    return "written";
  }

  close(): void {
    if (this.ended) return;
    this.#gone.abort();
    // The server would notice by itself, later.
    if (this.#place !== null) this.#call("DELETE", this.#place, { keepalive: true }).catch(() => undefined);
  }

  /** A GET of the connection's address, or of the one that opens it. Throws what ends the connection. */
  protected async get(): Promise<Response> {
    const response = await this.#call("GET", this.#place ?? this.#path, { signal: this.#gone.signal });
    if (response.status !== 200) throw new Broken(refusal(response.status));
    return response;
  }

  /** The server answers as it should. */
  protected answered(): void {
    if (!this.ended) this.#handler.open();
  }

  /** The server has named the connection: commands can go up. */
  protected named(key: string): void {
    this.#place = `${this.#path}/${encodeURIComponent(key)}`;
    const token = this.#token;
    if (token !== null && !this.#header)
      this.send({ type: "auth", token, ref: "auth" }, Number.POSITIVE_INFINITY);
  }

  protected hear(frames: readonly unknown[]): void {
    this.#handler.alive();
    for (const frame of frames) {
      if (this.ended) return;
      const { type, code, reason } = frame as Closing;
      if (type === "closing") this.end({ code, reason });
      else this.#handler.frame(frame as ServerFrame);
    }
  }

  protected end(end: End): void {
    if (this.ended) return;
    this.close();
    this.#handler.closed(end);
  }

  async #post(): Promise<void> {
    if (this.#posting) return;
    this.#posting = true;
    while (this.#lines.length > 0 && !this.ended) {
      const timer = setTimeout(() => this.end(SILENT), POST_MS);
      try {
        const init = { body: this.#batch(), signal: this.#gone.signal };
        const response = await this.#call("POST", this.#place ?? "", init);
        if (!response.ok) this.end(refusal(response.status));
      } catch {
        this.end(SILENT); // whether it arrived can't be known
      } finally {
        clearTimeout(timer);
      }
    }
    this.#posting = false;
  }

  /** As many lines as the server takes in one body. */
  #batch(): string {
    let size = 0;
    const over = this.#lines.findIndex((line) => {
      size += textBytes(line) + 1;
      return size - 1 > this.#limit;
    });
    return this.#lines.splice(0, over < 0 ? this.#lines.length : Math.max(1, over)).join("\n");
  }

  #call(method: string, where: string, more: RequestInit): Promise<Response> {
    const token = this.#token;
    const fetcher = this.#fetch; // as a method of ours it would not run in a browser
    return fetcher(new URL(where, this.#base).href, {
      method,
      cache: "no-store",
      credentials: token === null ? "include" : "omit",
      // The address of an open connection is a secret of its own.
      ...(token !== null &&
        this.#header &&
        this.#place === null && { headers: { authorization: `Bearer ${token}` } }),
      ...more,
    });
  }
}

/** Without a word of the server. */
export const SILENT: End = { code: 1006, reason: "" };

/** Thrown where the connection ends. */
export class Broken extends Error {
  readonly end: End;

  constructor(end: End) {
    super("the connection ended");
    this.end = end;
  }
}

export function unreadable(): Broken {
  const error = new HubbubError("bad_response", "The server's answer can't be read.", true);
  return new Broken({ ...SILENT, error });
}

function refusal(status: number): End {
  if (status === 413) return { code: 1009, reason: "too big" };
  return { ...SILENT, dead: status >= 500 || status === 429 };
}
