// The smallest room on Socket.IO: what one says goes to everybody, with room, number, sender and time.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { perMessageDeflate: false, serveClient: false });
let seq = 0;
io.on("connection", (socket) => {
  const sender = socket.handshake.query.name;
  socket.on("send", ({ room, text }) => io.emit("message", { room, seq: ++seq, sender, ts: Date.now(), text }));
});
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`127.0.0.1:${http.address().port}`));
