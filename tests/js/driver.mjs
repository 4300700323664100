// Drives unmodified socket.io-client sockets for the Python tests: JSON commands on stdin, one per line, and JSON
// reports on stdout. Binary data is {"$bytes": base64} in both directions. See tests/toolkit/clients.py.
import { createInterface } from "node:readline";
import { Manager } from "socket.io-client";

const managers = new Map();
const sockets = new Map();

const say = (report) => process.stdout.write(`${JSON.stringify(report, pack)}\n`);

function pack(_key, value) {
  if (value?.type === "Buffer" && Array.isArray(value.data))
    return { $bytes: Buffer.from(value.data).toString("base64") };
  return value;
}

function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$bytes === "string") return Buffer.from(value.$bytes, "base64");
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpack(inner)]));
}

const commands = {
  // One manager is one Engine.IO session; sockets of several namespaces may share it by `manager`.
  open({ id, url, namespace, options, manager: name, answers = {} }) {
    let manager = managers.get(name);
    if (manager === undefined) {
      manager = new Manager(url, { ...options, autoConnect: false, forceNew: true });
      managers.set(name, manager);
    }
    const socket = manager.socket(namespace, { auth: options.auth });
    sockets.set(id, socket);
    const transport = () => manager.engine?.transport?.name;
    manager.on("open", () => {
      manager.engine.on("upgrade", () => say({ id, report: "upgraded" }));
    });
    socket.on("connect", () => {
      say({ id, report: "connect", sid: socket.id, recovered: socket.recovered, transport: transport() });
    });
    socket.on("connect_error", (error) => {
      say({ id, report: "connect_error", message: error.message, data: error.data ?? null });
    });
    socket.on("disconnect", (reason) => say({ id, report: "disconnect", reason }));
    socket.onAny((event, ...args) => {
      const answer = typeof args.at(-1) === "function" ? args.pop() : null;
      say({ id, report: "event", event, args });
      if (answer !== null && event in answers) answer(...unpack(answers[event]));
    });
    socket.connect();
  },
  emit({ id, args, ref, timeout, volatile }) {
    const socket = volatile ? sockets.get(id).volatile : sockets.get(id);
    if (ref === undefined) {
      socket.emit(...unpack(args));
    } else if (timeout === undefined) {
      socket.emit(...unpack(args), (...answer) => say({ id, report: "answer", ref, args: answer }));
    } else {
      socket.timeout(timeout).emit(...unpack(args), (error, ...answer) => {
        say(error ? { id, report: "no answer", ref } : { id, report: "answer", ref, args: answer });
      });
    }
  },
  // What a lost network looks like to the client.
  drop({ id }) {
    sockets.get(id).io.engine.close();
  },
  disconnect({ id }) {
    sockets.get(id).disconnect();
  },
  connect({ id }) {
    sockets.get(id).connect();
  },
  reset() {
    for (const socket of sockets.values()) {
      socket.removeAllListeners();
      socket.offAny();
      socket.disconnect();
    }
    for (const manager of managers.values()) {
      manager.reconnection(false);
      manager.engine?.close();
    }
    sockets.clear();
    managers.clear();
    say({ report: "reset" });
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit(0));
