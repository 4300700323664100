import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Page, pass, range } from "./page.js";
import { Server } from "./server.js";

let server: Server;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("joining", () => {
  test("without a cursor: what comes from now on", async () => {
    server.say("general", "before");
    const page = await Page.in(server, "general");
    expect(page.hubbub.cursor("general")).toBe(2);
    server.say("general", "after");
    await pass();
    expect(page.texts()).toEqual(["after"]);
    expect(page.hubbub.cursor("general")).toBe(3);
  });

  test("with a cursor: everything after it", async () => {
    for (const text of ["a", "b", "c"]) server.say("general", text);
    const page = new Page(server);
    page.hubbub.connect();
    void page.hubbub.join("general", 2);
    await pass();
    expect(page.story).toEqual(["resync general 4", "event 3", "event 4"]);
  });

  test("waits for a connection", async () => {
    server.room("general");
    const page = new Page(server);
    const joined = page.hubbub.join("general");
    await pass(60_000);
    page.hubbub.connect();
    await pass();
    expect(await joined).toMatchObject({ room: "general", head: 1 });
  });

  test("outlives a connection that breaks meanwhile", async () => {
    const page = await Page.in(server, "general");
    server.room("other");
    server.cutAt("join", "before");
    const joined = page.hubbub.join("other");
    await pass(1_000);
    expect(await joined).toMatchObject({ room: "other" });
    expect(server.opened).toBe(2);
  });

  test("an error that may pass is waited out", async () => {
    server.room("general");
    server.refuse("join", "store_unavailable", 3);
    const page = new Page(server);
    page.hubbub.connect();
    const joined = page.hubbub.join("general");
    await pass(5_000);
    expect(await joined).toMatchObject({ room: "general" });
    expect(server.count("join")).toBe(4);
  });

  test("an unknown room rejects and is not tried again", async () => {
    const page = new Page(server);
    page.hubbub.connect();
    const joined = page.hubbub.join("nowhere");
    const refused = expect(joined).rejects.toMatchObject({ code: "unknown_room", retryable: false });
    await pass();
    await refused;
    server.cut();
    await pass(1_000);
    expect(server.count("join")).toBe(1);
    expect(page.hubbub.cursor("nowhere")).toBeUndefined();
  });

  test("a second join of the same room gives its numbers and repeats nothing", async () => {
    const page = await Page.in(server, "general");
    server.say("general", "a");
    await pass();
    const again = page.hubbub.join("general", 0);
    await pass();
    expect(await again).toMatchObject({ head: 2 });
    expect(page.seqs()).toEqual([2]);
    server.say("general", "b");
    await pass();
    expect(page.seqs()).toEqual([2, 3]);
  });

  test("close rejects who waits for a join", async () => {
    const page = new Page(server);
    const joined = page.hubbub.join("general");
    page.hubbub.close();
    await expect(joined).rejects.toMatchObject({ code: "disconnected", retryable: true });
  });
});

describe("after a break", () => {
  test("exactly what was missed follows, then live events", async () => {
    const page = await Page.in(server, "general");
    server.say("general", "a");
    await pass();
    server.cut();
    server.say("general", "b");
    server.say("general", "c");
    await pass(1_000);
    server.say("general", "d");
    await pass();
    expect(page.texts()).toEqual(["a", "b", "c", "d"]);
    expect(server.last("join")).toMatchObject({ room: "general", since: 2 });
    expect(page.story).toEqual(["event 2", "resync general 4", "event 3", "event 4", "event 5"]);
  });

  test("each room continues at its own place", async () => {
    const page = await Page.in(server, "general");
    server.room("other");
    void page.hubbub.join("other");
    await pass();
    server.say("general", "a");
    await pass();
    server.cut();
    server.say("other", "b");
    server.say("general", "c");
    await pass(1_000);
    expect(page.seqs("general")).toEqual([2, 3]);
    expect(page.seqs("other")).toEqual([2]);
  });

  test("what a replay repeats is not shown again", async () => {
    server.overlap = 5;
    const page = await Page.in(server, "general");
    for (const text of ["a", "b", "c"]) server.say("general", text);
    await pass();
    server.cut();
    server.say("general", "d");
    await pass(1_000);
    expect(page.seqs()).toEqual(range(2, 5));
  });

  test("the roll call may fail for a while", async () => {
    const page = await Page.in(server, "general");
    server.refuse("rooms", "store_unavailable", 2);
    server.cut();
    server.say("general", "a");
    await pass(5_000);
    expect(page.seqs()).toEqual([2]);
  });

  test("a cursor that is ahead of the log: reset, then from now on", async () => {
    const page = await Page.in(server, "general");
    for (const text of ["a", "b", "c"]) server.say("general", text);
    await pass();
    server.cut();
    server.room("general").log.splice(2); // restored from a backup
    page.story.length = 0;
    await pass(1_000);
    expect(page.story).toEqual(["reset general", "resync general 2"]);
    expect(page.hubbub.cursor("general")).toBe(2);
    server.say("general", "new c");
    await pass();
    expect(page.texts().at(-1)).toBe("new c");
  });

  test("close and connect continue, too", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.close();
    server.say("general", "a");
    await pass();
    page.hubbub.connect();
    await pass(1_000);
    expect(page.seqs()).toEqual([2]);
  });
});

describe("holes", () => {
  test("a jump is never shown: what is missing is asked for", async () => {
    const page = await Page.in(server, "general");
    server.lost.add("general 3");
    for (const text of ["a", "b", "c", "d"]) server.say("general", text);
    await pass();
    expect(page.seqs()).toEqual([2, 3, 4, 5]);
    expect(server.count("join")).toBe(2);
    expect(server.last("join")).toMatchObject({ since: 2 });
  });

  test("a server that cannot fill a hole is asked less and less", async () => {
    const page = await Page.in(server, "general");
    server.say("general", "a");
    await pass();
    server.room("general").log[2] = {
      type: "message",
      room: "general",
      seq: 9,
      sender: "eve",
      ts: 1,
      text: "?",
    };
    server.broadcast({ type: "message", room: "general", seq: 9, sender: "eve", ts: 1, text: "?" });
    await pass(60_000);
    expect(page.seqs()).toEqual([2]);
    expect(server.count("join")).toBeGreaterThan(3);
    expect(server.count("join")).toBeLessThan(12);
  });

  test("events of rooms that are not joined are not shown", async () => {
    const page = await Page.in(server, "general");
    server.broadcast({ type: "message", room: "other", seq: 1, sender: "eve", ts: 1, text: "?" });
    await pass();
    expect(page.events).toEqual([]);
    expect(server.count("join")).toBe(1);
  });
});

describe("membership", () => {
  test("leave forgets the room", async () => {
    const page = await Page.in(server, "general");
    const left = page.hubbub.leave("general");
    await pass();
    await left;
    expect(page.hubbub.cursor("general")).toBeUndefined();
    server.cut();
    await pass(1_000);
    expect(page.phase).toBe("connected");
    expect(server.count("join")).toBe(1);
  });

  test("a new display name is passed on, and my own is in the state", async () => {
    const page = await Page.in(server, "general");
    const heard: string[] = [];
    page.hubbub.on("user", ({ user }) => heard.push(`${user.name} ${user.title}`));
    server.broadcast({ type: "user", user: { name: "bob", title: "Bob the Builder" } });
    server.broadcast({ type: "user", user: { name: "ada", title: "Countess" } });
    await pass();
    expect(heard).toEqual(["bob Bob the Builder", "ada Countess"]);
    expect(page.hubbub.state.user).toEqual({ name: "ada", title: "Countess" });
  });

  test("a room that another device left is not joined again", async () => {
    const page = await Page.in(server, "general");
    server.broadcast({ type: "membership", room: "general", member: false });
    await pass();
    server.cut();
    await pass(1_000);
    expect(page.story).toEqual(["out of general"]);
    expect(server.count("join")).toBe(1);
  });

  test("nor one that another device left while we were away", async () => {
    const page = await Page.in(server, "general");
    server.cut();
    server.room("general").members.delete("ada");
    await pass(1_000);
    expect(page.story).toEqual(["out of general"]);
    expect(server.count("join")).toBe(1);
    expect(server.room("general").members).toEqual(new Set());
  });
});

test("a room that was left elsewhere is joined again when the application asks for it", async () => {
  const page = await Page.in(server, "general");
  server.cut();
  server.room("general").members.delete("ada");
  const joined = page.hubbub.join("general");
  await pass(1_000);
  expect(await joined).toMatchObject({ room: "general" });
  expect(page.story).toEqual(["resync general 1"]);
});

describe("asking", () => {
  test("gives the replies", async () => {
    const page = await Page.in(server, "general");
    server.say("general", "a");
    const asked = Promise.all([
      page.hubbub.rooms(),
      page.hubbub.history("general", { limit: 1 }),
      page.hubbub.markRead("general", 2),
      page.hubbub.createRoom("other", "Other"),
      page.hubbub.directory(),
    ]);
    await pass();
    const [rooms, history, read, created, directory] = await asked;
    expect(rooms.map((room) => room.room)).toEqual(["general"]);
    expect(history.events.map((event) => event.seq)).toEqual([2]);
    expect(read.read).toBe(2);
    expect(created.room).toBe("other");
    expect(directory.rooms.map((room) => room.room)).toEqual(["general", "other"]);
    expect(server.last("create_room")).toEqual({
      type: "create_room",
      room: "other",
      title: "Other",
      ref: 5,
    });
  });

  test("gives the reply to any command by its name", async () => {
    const page = await Page.in(server, "general");
    server.say("general", "a");
    const asked = page.hubbub.ask("history", { room: "general", limit: 1, before: undefined });
    await pass();
    expect((await asked).events.map((event) => event.seq)).toEqual([2]);
    expect(server.last("history")).toEqual({ type: "history", room: "general", limit: 1, ref: 2 });
  });

  test("rejects at once without a connection, and when it breaks", async () => {
    const page = new Page(server);
    await expect(page.hubbub.rooms()).rejects.toMatchObject({ code: "disconnected", retryable: true });
    page.hubbub.connect();
    await pass();
    server.cutAt("rooms", "before");
    const broken = expect(page.hubbub.rooms()).rejects.toMatchObject({
      code: "disconnected",
      retryable: true,
    });
    await pass();
    await broken;
  });

  test("rejects when no reply comes in 15 seconds", async () => {
    const page = await Page.in(server, "general");
    server.silent = true;
    const late = expect(page.hubbub.rooms()).rejects.toMatchObject({ code: "timeout", retryable: true });
    await pass(15_001);
    await late;
  });

  test("rejects with the server's error", async () => {
    const page = await Page.in(server, "general");
    server.refuse("history", "room_forbidden");
    const refused = expect(page.hubbub.history("secret")).rejects.toMatchObject({ code: "room_forbidden" });
    await pass();
    await refused;
  });

  test("never sends a frame that the server would close for", async () => {
    const page = await Page.in(server, "general");
    const title = "x".repeat(70_000);
    await expect(page.hubbub.createRoom("big", title)).rejects.toMatchObject({ code: "text_too_long" });
    await pass();
    expect(page.phase).toBe("connected");
  });
});

describe("watching", () => {
  test("goes after the join, and is repeated after a break", async () => {
    server.room("general");
    const page = new Page(server);
    const told: unknown[] = [];
    page.hubbub.on("watching", (watching) => told.push(watching.online));
    page.hubbub.connect();
    await pass();
    void page.hubbub.join("general");
    const watching = page.hubbub.watch("general");
    await pass();
    expect(await watching).toMatchObject({ room: "general", online: ["ada"] });
    server.cut();
    await pass(1_000);
    expect(told).toEqual([["ada"], ["ada"]]);
    expect(server.count("watch")).toBe(2);
  });

  test("asked for as soon as there is a connection again: it waits for the room", async () => {
    const page = await Page.in(server, "general");
    const watching = new Promise((resolve, reject) => {
      page.hubbub.on("state", ({ phase }) => {
        if (phase === "connected") page.hubbub.watch("general").then(resolve, reject);
      });
    });
    server.cut();
    await pass(1_000);
    expect(await watching).toMatchObject({ room: "general" });
    expect(server.count("watch")).toBe(1);
  });

  test("rejects without a connection, and is told when there is one", async () => {
    const page = await Page.in(server, "general");
    server.cut();
    await expect(page.hubbub.watch("general")).rejects.toMatchObject({ code: "disconnected" });
    await pass(1_000);
    expect(server.last("watch")).toMatchObject({ room: "general" });
  });

  test("ends with the membership", async () => {
    const page = await Page.in(server, "general");
    void page.hubbub.watch("general");
    const left = page.hubbub.leave("general");
    await pass();
    await left;
    server.cut();
    await pass(1_000);
    expect(page.phase).toBe("connected");
    expect(server.count("watch")).toBe(1);
  });

  test("passes signals on", async () => {
    const page = await Page.in(server, "general");
    const heard: unknown[] = [];
    page.hubbub.on("typing", (signal) => heard.push(signal.user));
    page.hubbub.on("presence", (signal) => heard.push(signal.count));
    page.hubbub.on("read", (signal) => heard.push(signal.seq));
    server.broadcast({ type: "typing", room: "general", user: "eve" });
    server.broadcast({ type: "presence", room: "general", count: 3 });
    server.broadcast({ type: "read", room: "general", seq: 7, unread: 0 });
    server.broadcast({ type: "something new" } as never);
    await pass();
    expect(heard).toEqual(["eve", 3, 7]);
  });
});

describe("typing", () => {
  test("is told every 2 seconds at most, and ends 5 seconds after the last stroke", async () => {
    const page = await Page.in(server, "general");
    const told = (): unknown[] => server.commands.flatMap((c) => (c.type === "typing" ? [c.typing] : []));
    for (let i = 0; i < 30; i += 1) {
      page.hubbub.typing("general", true);
      await pass(100);
    }
    expect(told()).toEqual([true, true]);
    await pass(4_800);
    expect(told()).toEqual([true, true]);
    await pass(300);
    expect(told()).toEqual([true, true, false]);
    await pass(60_000);
    expect(told()).toEqual([true, true, false]);
  });

  test("ends when told, and with the message itself", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.typing("general", true);
    page.hubbub.typing("general", false);
    page.hubbub.typing("general", false);
    page.hubbub.typing("general", true);
    page.hubbub.send("general", "done");
    await pass(60_000);
    const told = server.commands.flatMap((c) => (c.type === "typing" ? [c.typing] : []));
    expect(told).toEqual([true, false, true]);
  });

  test("is told anew on a new connection", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.typing("general", true);
    await pass();
    server.cut();
    await pass(500);
    page.hubbub.typing("general", true);
    await pass();
    expect(server.count("typing")).toBe(2);
  });

  test("is nobody's business without a connection", async () => {
    const page = await Page.in(server, "general");
    page.hubbub.typing("general", true);
    await pass();
    server.reachable = false;
    server.cut();
    page.hubbub.typing("general", true);
    await pass(60_000);
    server.reachable = true;
    page.hubbub.reconnectNow();
    await pass(1_000);
    expect(server.count("typing")).toBe(1);
  });
});
