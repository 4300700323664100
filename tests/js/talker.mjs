// An unmodified socket.io-client in a room: says every line of standard input, prints every event it hears.
//   node talker.mjs URL TOKEN ROOM TRANSPORT[,TRANSPORT]
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, token, room, transports] = process.argv.slice(2);
const socket = io(url, { auth: { token }, transports: transports.split(",") });
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
let cursor;
let seen = 0;

const call = (name, body) => new Promise((resolve) => socket.emit(name, body, resolve));

socket.on("connect", async () => {
  const reply = await call("join", cursor === undefined ? { room } : { room, since: cursor });
  if (reply.error) print({ type: "error", error: reply.error });
  cursor ??= reply.ok.head;
  if (seen++ === 0) print({ type: "joined", head: reply.ok.head });
});
socket.on("connect_error", (error) => print({ type: "connect_error", message: error.message }));
for (const type of ["message", "member_joined", "member_left"]) {
  socket.on(type, (event) => {
    if (event.seq <= cursor) return;
    cursor = event.seq;
    print({ type, ...event, transport: socket.io.engine.transport.name });
  });
}

async function say(text, nonce) {
  for (;;) {
    try {
      const reply = await socket.timeout(2000).emitWithAck("send", { room, text, nonce });
      if (reply.ok) return reply.ok;
      if (!reply.error.retryable && reply.error.code !== "not_joined") throw new Error(reply.error.code);
    } catch (error) {
      // no answer in time, or the connection was lost meanwhile: the same nonce makes asking again harmless
      if (!/timed out|disconnected/.test(error.message)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

for await (const text of createInterface({ input: process.stdin })) {
  const ok = await say(text, `js-${process.pid}-${text}`);
  print({ type: "sent", text, seq: ok.seq });
}
