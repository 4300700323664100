// The smallest room on `ws`: every text goes to everybody.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    for (const member of server.clients) member.send(data, { binary: isBinary });
  });
});
server.on("listening", () => console.log(`127.0.0.1:${server.address().port}`));
