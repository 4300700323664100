// One interface over both wires: npm's Socket.IO client when the server has it, otherwise a plain WebSocket.
//   const socket = await connect();
//   socket.on("event", (...args) => …); socket.emit("event", ...args); await socket.emitWithAck("event", ...args)
export async function connect(namespace = "/") {
  if (!new URLSearchParams(location.search).has("raw")) {
    try {
      const { io } = await import("/socket.io.esm.min.js");
      return io(namespace);
    } catch {
      // not installed
    }
  }
  if (namespace !== "/") throw new Error("Namespaces need the Socket.IO client: npm install");
  return new RawSocket(`${location.origin.replace("http", "ws")}/ws`);
}

class RawSocket {
  #url;
  #socket;
  #handlers = new Map();
  #answers = new Map();
  #ref = 0;
  #delay = 250;

  constructor(url) {
    this.#url = url;
    this.#open();
  }

  on(name, handler) {
    this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
  }

  emit(name, ...args) {
    this.#send({ type: name, args });
  }

  emitWithAck(name, ...args) {
    const ref = ++this.#ref;
    this.#send({ type: name, args, ref });
    return new Promise((resolve) => this.#answers.set(ref, resolve));
  }

  #send(event) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(event));
  }

  #open() {
    this.#socket = new WebSocket(this.#url);
    this.#socket.onopen = () => {
      this.#delay = 250;
      this.#raise("connect");
    };
    this.#socket.onmessage = ({ data }) => {
      const { type, args, ref, error } = JSON.parse(data);
      if (type === "reply") {
        this.#answers.get(ref)?.(error === undefined ? args[0] : { error });
        this.#answers.delete(ref);
      } else {
        this.#raise(type, ...args);
      }
    };
    this.#socket.onclose = ({ code }) => {
      this.#raise("disconnect");
      if (code >= 4500) return; // sent away: not before the user does something
      this.#delay = Math.min(this.#delay * 2, 10_000);
      setTimeout(() => this.#open(), this.#delay * (0.5 + Math.random() / 2));
    };
  }

  #raise(name, ...args) {
    for (const handler of this.#handlers.get(name) ?? []) handler(...args);
  }
}

// Shows in the element #state whether there is a connection.
export function showState(socket) {
  const state = document.querySelector("#state");
  const show = (connected) => {
    state.textContent = connected ? "connected" : "not connected";
  };
  show(socket.connected === true);
  socket.on("connect", () => show(true));
  socket.on("disconnect", () => show(false));
}
