// The smallest room on `ws`: what one says goes to everybody, with room, number, sender and time.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
let seq = 0;
server.on("connection", (socket, request) => {
  const sender = new URL(request.url, "ws://bench").searchParams.get("name");
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const { room, text } = JSON.parse(data);
    const event = JSON.stringify({ type: "message", room, seq: ++seq, sender, ts: Date.now(), text });
    for (const member of server.clients) member.send(event);
  });
});
server.on("listening", () => console.log(`127.0.0.1:${server.address().port}`));
