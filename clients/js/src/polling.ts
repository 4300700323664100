import { HttpTransport, unreadable } from "./http.js";
import type { TransportHandler, TransportSettings } from "./transport.js";

/** The least time from one empty answer to the next question: something between us and the server may not wait. */
const PAUSE_MS = 1_000;

/** Long-polling down, POST up: no response is open for longer than there is nothing to say. */
export class PollingTransport extends HttpTransport {
  readonly name = "polling";
  readonly #now: () => number;

  constructor(
    settings: TransportSettings,
    handler: TransportHandler,
    fetcher: typeof fetch,
    now: () => number,
  ) {
    super("poll", settings, handler, fetcher);
    this.#now = now;
  }

  protected async run(): Promise<void> {
    const { key } = (await read(await this.get())) as { key?: unknown };
    if (typeof key !== "string") throw unreadable();
    if (this.ended) return;
    this.opened(key);
    while (!this.ended) {
      const asked = this.#now();
      const frames = await read(await this.get());
      if (!Array.isArray(frames)) throw unreadable();
      this.hear(frames);
      const early = PAUSE_MS - (this.#now() - asked);
      if (frames.length === 0 && early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    }
  }
}

async function read(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw error instanceof SyntaxError ? unreadable() : error;
  }
}
