import { HttpTransport, unreadable } from "./http.js";
import type { TransportHandler, TransportSettings } from "./transport.js";

/** How long to wait after empty answers that came at once, twice in a row: something in between does not let us wait. */
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
    super("poll", false, settings, handler, fetcher);
    this.#now = now;
  }

  protected async run(): Promise<void> {
    const { key } = (await read(await this.get())) as { key?: unknown };
    if (typeof key !== "string") throw unreadable();
    if (this.ended) return;
    this.answered();
    this.named(key);
    let early = 0;
    while (!this.ended) {
      const asked = this.#now();
      const frames = await read(await this.get());
      if (!Array.isArray(frames)) throw unreadable();
      this.hear(frames);
      early = frames.length === 0 && this.#now() - asked < PAUSE_MS ? early + 1 : 0;
      if (early > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
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
