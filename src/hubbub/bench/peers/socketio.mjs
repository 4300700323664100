// The smallest room on Socket.IO: every `msg` goes to everybody.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => {
  socket.on("msg", (text) => io.emit("msg", text));
});
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`127.0.0.1:${http.address().port}`));
