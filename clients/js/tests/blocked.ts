/** Networks that break transports, and what people do on them. */

import { expect } from "vitest";
import { Page, pass, range } from "./page.js";
import { proxied } from "./proxy.js";
import type { Server } from "./server.js";

export const SSE = { phase: "connected", transport: "sse", fallback: { websocket: "refused" } };
export const POLLING = {
  phase: "connected",
  transport: "polling",
  fallback: { websocket: "refused", sse: "silent" },
};

/** WebSockets are refused. */
export function blocked(server: Server): void {
  server.websocket = "refused";
}

/** And event streams are held back. */
export function buffered(server: Server): void {
  server.websocket = "refused";
  proxied(server).sse = "buffered";
}

/** A page that has had the time to fall back, in the room. */
export async function connected(
  server: Server,
  options: ConstructorParameters<typeof Page>[1] = {},
): Promise<Page> {
  server.room("general");
  const page = new Page(server, options);
  page.hubbub.connect();
  void page.hubbub.join("general", 0);
  await pass(6_000);
  expect(page.phase).toBe("connected");
  return page;
}

/** Messages of mine and of others, and what must have come of them. */
export async function chat(server: Server, page: Page): Promise<void> {
  const before = server.texts("general").length;
  for (const i of range(1, 3)) page.hubbub.send("general", `mine ${before + i}`);
  server.say("general", "theirs");
  await pass(500);
  expect(server.texts("general").length).toBe(before + 4);
  expect(page.seqs()).toEqual(range(1, server.room("general").log.length));
  expect(page.texts()).toEqual(server.texts("general"));
  expect(page.hubbub.state.sending).toBe(0);
}
