import type { State } from "hubbub-client";
import { describe, expect, it } from "vitest";
import { connectionDetails, stateWords } from "../src/lib/wording";

const CONNECTED: State = {
  phase: "connected",
  transport: "websocket",
  wire: "native.json",
  fallback: null,
  user: null,
  session: null,
  attempt: 0,
  retryAt: null,
  error: null,
  sending: 0,
};

function words(changes: Partial<State>, now = 0) {
  return stateWords({ ...CONNECTED, ...changes }, now);
}

describe("the state line", () => {
  it("names the transport", () => {
    expect(words({})).toEqual({
      tone: "good",
      text: "Connected by WebSocket",
      hint: "",
      action: null,
    });
  });

  it("says why it is a fallback", () => {
    const sse = { transport: "sse", fallback: { websocket: "refused" } } as const;
    expect(words(sse)).toMatchObject({
      tone: "good",
      text: "Connected by event stream",
      hint: "Your network blocks WebSockets",
    });
    expect(words({ transport: "polling", fallback: { websocket: "silent", sse: "silent" } })).toMatchObject({
      text: "Connected by long-polling",
      hint: "Your network blocks WebSockets",
    });
    expect(words({ ...sse, fallback: { websocket: "missing" } }).hint).toBe("This browser has no WebSockets");
    expect(words({ ...sse, sending: 1 })).toMatchObject({ text: "Sending 1…", hint: "" });
  });

  it("counts what is being sent", () => {
    expect(words({ sending: 2 }).text).toBe("Sending 2…");
  });

  it("counts down to the next attempt and offers to try at once", () => {
    expect(words({ phase: "reconnecting", retryAt: 2_400 }, 0)).toEqual({
      tone: "busy",
      text: "Reconnecting in 3 s",
      hint: "",
      action: "retry",
    });
    expect(words({ phase: "reconnecting", retryAt: null }).text).toBe("Reconnecting…");
    expect(words({ phase: "reconnecting", retryAt: 100 }, 200).text).toBe("Reconnecting…");
  });

  it("tells that messages wait while there is no network", () => {
    expect(words({ phase: "offline" }).text).toBe("Offline");
    expect(words({ phase: "offline", sending: 2 }).text).toBe("Offline, 2 waiting to be sent");
  });

  it("leads back when the connection will not come back by itself", () => {
    expect(words({ phase: "closed" }).action).toBe("retry");
  });
});

describe("the details of the connection", () => {
  it("are the transport and the wire", () => {
    expect(connectionDetails({ ...CONNECTED, wire: "native.msgpack" })).toEqual([
      ["Transport", "WebSocket"],
      ["Wire", "MessagePack, compact"],
    ]);
  });

  it("and what kept better ones away", () => {
    const fallback = { websocket: "refused", sse: "silent" } as const;
    expect(connectionDetails({ ...CONNECTED, transport: "polling", fallback })).toEqual([
      ["Transport", "Long-polling"],
      ["Wire", "JSON"],
      ["WebSocket", "Could not be opened"],
      ["Event stream", "Opened, but nothing came through"],
    ]);
  });
});
