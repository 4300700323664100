import { decode, encode } from "./compact.js";
import { HubbubError } from "./errors.js";
import { textBytes } from "./text.js";
import type { Transport, TransportHandler, TransportSettings, Written } from "./transport.js";
import type { ServerFrame } from "./vocabulary.js";

const JSON_WIRE = "hubbub.v1.json";
const COMPACT_WIRE = "hubbub.v1.msgpack";

export type Wire = "msgpack" | "json";

/** A WebSocket, with the compact wire where the server speaks it. */
export class WebSocketTransport implements Transport {
  readonly name = "websocket";
  readonly #socket: WebSocket;
  readonly #handler: TransportHandler;
  readonly #token: string | null;

  constructor(
    { base, token }: TransportSettings,
    handler: TransportHandler,
    Socket: typeof WebSocket,
    wire: Wire,
  ) {
    const url = new URL("ws", base.replace(/^http/, "ws")).href;
    const socket = new Socket(url, wire === "json" ? [JSON_WIRE] : [COMPACT_WIRE, JSON_WIRE]);
    this.#socket = socket;
    this.#handler = handler;
    this.#token = token;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = (message: MessageEvent) => this.#hear(message.data);
    socket.onclose = ({ code, reason }: CloseEvent) => this.#end(code, reason);
  }

  send(command: object, limit: number): Written {
    const socket = this.#socket;
    if (socket.readyState !== 1) return "down";
    const data = socket.protocol === COMPACT_WIRE ? encode(command) : JSON.stringify(command);
    if ((typeof data === "string" ? textBytes(data) : data.length) > limit) return "too_long";
    socket.send(data);
    return "written";
  }

  close(): void {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState < 2) socket.close(1000);
  }

  #opened(): void {
    // A browser sends no header with a WebSocket.
    if (this.#token !== null) this.send({ type: "auth", token: this.#token, ref: "auth" }, Infinity);
    this.#handler.open();
  }

  #hear(data: unknown): void {
    let frame: ServerFrame;
    try {
      frame = (
        typeof data === "string" ? JSON.parse(data) : decode(new Uint8Array(data as ArrayBuffer))
      ) as ServerFrame;
    } catch {
      return this.#end(1006, "", new HubbubError("bad_response", "The server's answer can't be read.", true));
    }
    this.#handler.frame(frame);
  }

  #end(code: number, reason: string, error?: HubbubError): void {
    this.close();
    this.#handler.closed(error === undefined ? { code, reason } : { code, reason, error });
  }
}
