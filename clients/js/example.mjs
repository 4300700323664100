import { Api, Hubbub } from "hubbub-client";

const url = process.env.HUBBUB_URL ?? "http://127.0.0.1:8000";
const { token } = await new Api(url).signIn({ name: process.argv[2], password: process.env.HUBBUB_PASSWORD });
const room = "lobby";
await new Api(url, token).createRoom(room).catch((error) => {
  if (error.code !== "room_exists") throw error;
});

const hubbub = new Hubbub({ url, token });
hubbub.on("state", ({ phase, sending }) => console.log(phase, sending > 0 ? `(${sending} to send)` : ""));
hubbub.on("event", (event) => console.log(event.room, event.seq, event.sender, event.text ?? event.type));
hubbub.connect();

await hubbub.join(room, 0); // everything after seq 0: all of it
hubbub.send(room, "Hello from the TypeScript client");
