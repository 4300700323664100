import type { State } from "hubbub-client";
import { describe, expect, it } from "vitest";
import { stateWords } from "../src/lib/wording";

const CONNECTED: State = {
  phase: "connected",
  transport: "websocket",
  wire: "native.json",
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
    expect(words({})).toEqual({ tone: "good", text: "Connected by WebSocket", action: null });
  });

  it("counts what is being sent", () => {
    expect(words({ sending: 2 }).text).toBe("Sending 2…");
  });

  it("counts down to the next attempt and offers to try at once", () => {
    expect(words({ phase: "reconnecting", retryAt: 2_400 }, 0)).toEqual({
      tone: "busy",
      text: "Reconnecting in 3 s",
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
