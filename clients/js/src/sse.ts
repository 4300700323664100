import { EventStream } from "./eventstream.js";
import { Broken, HttpTransport, SILENT, unreadable } from "./http.js";
import type { TransportHandler, TransportSettings } from "./transport.js";

/** Server-Sent Events down, POST up. Not by EventSource, which sends no header and comes back without being asked. */
export class SseTransport extends HttpTransport {
  readonly name = "sse";

  constructor(settings: TransportSettings, handler: TransportHandler, fetcher: typeof fetch) {
    super("sse", true, settings, handler, fetcher);
  }

  protected async run(): Promise<void> {
    const { body, headers } = await this.get();
    if (body === null || !headers.get("content-type")?.startsWith("text/event-stream")) throw unreadable();
    this.answered();
    const reader = body.getReader();
    const stream = new EventStream();
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }) as const);
      if (this.ended) return;
      if (done) throw new Broken(SILENT);
      this.hear(this.#frames(stream.feed(value)));
    }
  }

  /** The objects in these events; the first one of all opens the connection. */
  #frames(events: string[]): unknown[] {
    const frames: unknown[] = [];
    for (const data of events) {
      const frame = parse(data);
      if (frame.type === "opened" && typeof frame.key === "string") this.named(frame.key);
      else frames.push(frame);
    }
    return frames;
  }
}

function parse(data: string): { type?: unknown; key?: unknown } {
  try {
    return JSON.parse(data);
  } catch {
    throw unreadable();
  }
}
