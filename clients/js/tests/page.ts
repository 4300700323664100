/** One page with a client in it, that writes down what the client tells. */

import { vi } from "vitest";
import { Hubbub } from "../src/hubbub.js";
import { MemoryStorage } from "../src/memory.js";
import type { Options, Outgoing, Phase } from "../src/types.js";
import type { Event } from "../src/vocabulary.js";
import { textOf } from "../src/write.js";
import { proxied } from "./proxy.js";
import { LATENCY_MS, type Server } from "./server.js";

/** Let this much time pass; default: enough for a few commands and their replies. */
export async function pass(ms = LATENCY_MS * 20): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

export class Page {
  readonly hubbub: Hubbub;
  readonly events: Event[] = [];
  readonly phases: Phase[] = [];
  readonly outbox: Outgoing[] = [];
  /** Everything in the order in which it was told: "queued hi", "sent hi 2", "event 2", "resync general 4", … */
  readonly story: string[] = [];

  constructor(server: Server, options: Options = {}) {
    this.hubbub = new Hubbub({
      url: "https://chat.example",
      token: "ada's token",
      storage: new MemoryStorage(),
      WebSocket: server.WebSocket,
      fetch: proxied(server).fetch(),
      random: () => 0.5,
      ...options,
    });
    this.hubbub.on("event", (event) => {
      this.events.push(event);
      this.story.push(`event ${event.seq}`);
    });
    this.hubbub.on("state", ({ phase }) => {
      if (this.phases.at(-1) !== phase) this.phases.push(phase);
    });
    this.hubbub.on("outbox", (entry) => {
      this.outbox.push(entry);
      const what = textOf(entry) || entry.type;
      this.story.push(`${entry.status} ${what}${entry.seq === undefined ? "" : ` ${entry.seq}`}`);
    });
    this.hubbub.on("resync", ({ room, head }) => this.story.push(`resync ${room} ${head}`));
    this.hubbub.on("reset", ({ room }) => this.story.push(`reset ${room}`));
    this.hubbub.on("membership", ({ room, member }) =>
      this.story.push(`${member ? "in" : "out of"} ${room}`),
    );
  }

  /** Connect and join. */
  static async in(server: Server, room: string, options: Options = {}): Promise<Page> {
    server.room(room);
    const page = new Page(server, options);
    page.hubbub.connect();
    const joined = page.hubbub.join(room);
    await pass();
    await joined;
    page.story.length = 0;
    return page;
  }

  get phase(): Phase {
    return this.hubbub.state.phase;
  }

  seqs(room = "general"): number[] {
    return this.events.filter((event) => event.room === room).map((event) => event.seq);
  }

  texts(room = "general"): string[] {
    return this.events.flatMap((e) => (e.room === room && e.type === "message" ? [e.text ?? ""] : []));
  }
}

/** The numbers from..to. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
