/** Seeded faults of all kinds at once; what must hold in the end is what the client promises. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Browser } from "./browser.js";
import { type Page, pass, range } from "./page.js";
import { proxied } from "./proxy.js";
import { random } from "./random.js";
import { Server } from "./server.js";

const ROOMS = ["general", "other"];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

interface Run {
  server: Server;
  next: () => number;
  /** Pages, those that crashed included. */
  pages: Page[];
  sent: Map<string, string[]>;
}

/** What stands between the pages and the server becomes better or worse. */
function interfere({ server, next }: Run): void {
  const middle = proxied(server);
  const pick = <T>(...of: T[]): T => of[Math.floor(next() * of.length)] as T;
  server.websocket = pick("open", "refused", "swallowed");
  middle.sse = pick<typeof middle.sse>("open", "open", "buffered", 404);
  middle.broken = { when: pick<"before" | "after">("before", "after"), times: pick(0, 0, 1, 2) };
}

async function misfortune({ server, next }: Run): Promise<void> {
  const room = ROOMS[Math.floor(next() * ROOMS.length)] ?? "";
  const what = Math.floor(next() * 9);
  if (what === 0) server.cut([1006, 1001, 4000, 1011][Math.floor(next() * 4)]);
  else if (what === 1) server.cutAt("send", next() < 0.5 ? "before" : "after");
  else if (what === 2) server.cutAt("join", next() < 0.5 ? "before" : "after");
  else if (what === 3) server.refuse("send", "store_unavailable", 1 + Math.floor(next() * 3));
  else if (what === 4) server.refuse(next() < 0.5 ? "join" : "rooms", "store_unavailable", 1);
  else if (what === 5) server.lost.add(`${room} ${server.room(room).log.length + 1}`);
  else if (what === 6) server.overlap = Math.floor(next() * 5);
  else if (what === 7) {
    server.silent = true;
    await pass(next() * 30_000);
    server.silent = false;
  } else {
    server.reachable = false;
    server.cut();
    await pass(next() * 10_000);
    server.reachable = true;
  }
}

/** The page that is left in the end, and the one before it, which crashed. */
async function live(run: Run, spoil: (run: Run) => void): Promise<void> {
  const browser = new Browser(run.server);
  const open = async (): Promise<() => void> => {
    const { page, crash } = await browser.tab({ user: "ada", random: run.next });
    run.pages.push(page);
    page.hubbub.connect();
    for (const room of ROOMS) void page.hubbub.join(room);
    await pass(next() * 500);
    return crash;
  };
  const { next } = run;
  let crash = await open();
  for (const step of range(1, 60)) {
    const room = ROOMS[step % 2] ?? "";
    if (next() < 0.5) {
      const text = `${room} ${step}`;
      run.pages.at(-1)?.hubbub.send(room, text);
      run.sent.get(room)?.push(text);
    }
    if (next() < 0.4) run.server.say(room, `eve's ${step}`);
    if (next() < 0.1) spoil(run);
    if (next() < 0.3) await misfortune(run);
    await pass(next() * 300);
    if (step === 30) {
      await pass(20); // whatever was written is in the storage
      crash();
      crash = await open();
    }
  }
}

/** Misfortunes of one seed; then the truth, as the last page shows it and as the server has it. */
async function check(seed: number, spoil: (run: Run) => void): Promise<void> {
  const server = new Server();
  for (const room of ROOMS) server.room(room);
  const run: Run = { server, next: random(seed), pages: [], sent: new Map(ROOMS.map((room) => [room, []])) };
  await live(run, spoil);
  server.websocket = "open";
  proxied(server).sse = "open";
  await pass(120_000);
  server.lost.clear();
  for (const room of ROOMS) server.say(room, "the end"); // reveals a tail that was lost
  await pass(120_000);

  const page = run.pages.at(-1) as Page;
  expect(page.phase).toBe("connected");
  expect(await page.hubbub.outbox()).toEqual([]);
  for (const room of ROOMS) {
    const { log } = server.room(room);
    const mine = log.flatMap((event) =>
      event.type === "message" && event.sender === "ada" ? [event.text] : [],
    );
    expect(mine, "each message of mine once, in the order of writing").toEqual(run.sent.get(room));
    for (const { events } of run.pages) {
      const shown = events.filter((event) => event.room === room);
      const first = shown[0]?.seq ?? 1;
      expect(shown, "the log, without holes").toEqual(log.slice(first - 1, first - 1 + shown.length));
    }
    expect(page.seqs(room).at(-1), "to its end").toBe(log.length);
  }
}

test.each(range(1, 40))("seed %i: nothing lost, nothing twice, nothing out of order", async (seed) => {
  await check(seed, () => undefined);
});

test.each(range(101, 160))(
  "seed %i: nor while a proxy allows now this transport, now that one",
  async (seed) => {
    await check(seed, interfere);
  },
);
