// The project's own TypeScript client in a room: prints each event and where its cursor is then.
//   node follow.mjs URL TOKEN ROOM TRANSPORT
import { Hubbub } from "../../clients/js/dist/index.js";

const [url, token, room, transport] = process.argv.slice(2);
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const hubbub = new Hubbub({ url, token, transports: [transport] });

hubbub.on("event", (event) => print({ ...event, cursor: hubbub.cursor(room) }));
hubbub.connect();
const { head } = await hubbub.join(room, 0);
print({ type: "joined", head, wire: hubbub.state.wire });
