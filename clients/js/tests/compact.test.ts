import { describe, expect, test } from "vitest";
import { decode, encode } from "../src/compact.js";
import { FIELD_KEYS, TYPE_KEYS } from "../src/keys.js";
import { type Packable, pack, unpack } from "../src/msgpack.js";
import { range } from "./page.js";
import { random } from "./random.js";
import { packed } from "./server.js";

const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

/** What the server writes, and the same on the JSON wire. */
const FRAMES: readonly [string, object][] = [
  [
    "86000004a767656e6572616c052a06a3626f6207cf000001a0c4506c0008ab68656c6c6f20776f726c64",
    {
      type: "message",
      room: "general",
      seq: 42,
      sender: "bob",
      ts: 1790000000000,
      text: "hello world",
    },
  ],
  [
    "87000512831fa36164610fac416461204c6f76656c61636520c313a5735f34665114a9776562736f636b657415ae6e61746976652e6d73" +
      "677061636b16cb4039000000000000178218cd400019ce00010000",
    {
      type: "welcome",
      user: { name: "ada", title: "Ada Lovelace", admin: true },
      session: "s_4fQ",
      transport: "websocket",
      wire: "native.msgpack",
      heartbeat_seconds: 25,
      limits: { text_bytes: 16384, frame_bytes: 65536 },
    },
  ],
  [
    "83000101090283259186000004a767656e6572616c052a06a3626f6207cf000001a0c4506c0008ab68656c6c6f20776f726c6426c3222b",
    {
      type: "reply",
      ref: 9,
      ok: {
        events: [
          {
            type: "message",
            room: "general",
            seq: 42,
            sender: "bob",
            ts: 1790000000000,
            text: "hello world",
          },
        ],
        more: true,
        head: 43,
      },
    },
  ],
  [
    "83000101c003832bac756e6b6e6f776e5f726f6f6d2cb65468657265206973206e6f207375636820726f6f6d2e2dc2",
    {
      type: "reply",
      ref: null,
      error: { code: "unknown_room", message: "There is no such room.", retryable: false },
    },
  ],
  [
    "84000704a767656e6572616c1acd012c1b91a2c3a9",
    { type: "presence", room: "general", count: 300, online: ["é"] },
  ],
];

describe("the compact wire", () => {
  test.each(FRAMES)("%s", (data, frame) => {
    expect(decode(bytes(data))).toEqual(frame);
    expect(decode(encode(frame))).toEqual(frame);
  });

  test("a delivered message is as short as the server makes it", () => {
    expect(hex(encode(FRAMES[0]?.[1] ?? {}))).toBe(FRAMES[0]?.[0]);
  });

  test("a field that is not given is not written, null is", () => {
    expect(hex(encode({ type: "watch", room: null, ref: 1 }))).toBe("8300" + "13" + "04c0" + "0101");
    expect(hex(encode({ type: "rooms", after: undefined }))).toBe("81000b");
  });

  test("what has no number can't be written", () => {
    expect(() => encode({ type: "dance" })).toThrow(TypeError);
    expect(() => encode({ type: "rooms", colour: 1 })).toThrow(TypeError);
  });

  test("what a newer server writes is left out", () => {
    const frame = new Map<number, Packable>([
      [0, 0],
      [4, "general"],
      [999, [1]],
    ]);
    expect(decode(pack(frame))).toEqual({ type: "message", room: "general" });
    expect(decode(pack(new Map([[0, 999]])))).toEqual({});
  });

  test("what the server passes on by its name is read as on the other wire", () => {
    const later =
      "8700ab706f6c6c5f6f70656e656404a767656e6572616c050706a361646107050fa35465612f82a76f7074696f" +
      "6e739182a474797065a178a5766f7465739201c0a5636c617373c3";
    const event = {
      type: "poll_opened",
      room: "general",
      seq: 7,
      sender: "ada",
      ts: 5,
      title: "Tea",
      options: [{ type: "x", votes: [1, null] }],
      class: true,
    };
    expect(decode(bytes(later))).toEqual(event);
    expect(hex(packed(event))).toBe(later);
  });

  test("a name never hides what has a number, nor more than that", () => {
    const rest = new Map<string, Packable>([
      ["room", "other"],
      ["type", "reply"],
      ["__proto__", new Map([["more", 1]])],
      ["more", 1],
    ]);
    const frame = decode(
      pack(
        new Map<number, Packable>([
          [0, 0],
          [4, "general"],
          [47, rest],
        ]),
      ),
    );
    expect(frame).toMatchObject({ type: "message", room: "general", more: 1 });
    expect(Object.getPrototypeOf(frame)).toBe(Object.prototype);
    expect(decode(pack(new Map<number, Packable>([[47, 5]])))).toEqual({ unnumbered: 5 });
  });

  test.each(["", "c0", "90", "a0", "05", "81", "8100", "c1", "d4", "a5616263", "a1ff", "8000"])(
    "%s is no frame",
    (data) => {
      expect(() => decode(bytes(data))).toThrow();
    },
  );

  test("no number stands for two names", () => {
    for (const keys of [FIELD_KEYS, TYPE_KEYS]) {
      expect(new Set(Object.values(keys)).size).toBe(Object.keys(keys).length);
    }
  });
});

describe("MessagePack", () => {
  test.each([
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65_535, "cdffff"],
    [65_536, "ce00010000"],
    [4_294_967_295, "ceffffffff"],
    [4_294_967_296, "cf0000000100000000"],
    [Number.MAX_SAFE_INTEGER, "cf001fffffffffffff"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-128, "d080"],
    [-129, "d1ff7f"],
    [-32_768, "d18000"],
    [-32_769, "d2ffff7fff"],
    [-2_147_483_648, "d280000000"],
    [-2_147_483_649, "d3ffffffff7fffffff"],
    [Number.MIN_SAFE_INTEGER, "d3ffe0000000000001"],
    [0.5, "cb3fe0000000000000"],
    [1e300, "cb7e37e43c8800759c"],
    [null, "c0"],
    [true, "c3"],
    [false, "c2"],
    ["", "a0"],
    ["é", "a2c3a9"],
  ] as const)("%s is %s", (value, data) => {
    expect(hex(pack(value))).toBe(data);
    expect(unpack(bytes(data))).toBe(value);
  });

  test.each([31, 32, 255, 256, 65_535, 65_536])("%i of anything", (length) => {
    const text = "x".repeat(length);
    const list = range(1, length);
    const map = new Map(list.map((key) => [key, null]));
    const raw = new Uint8Array(length).fill(7);
    for (const value of [text, list, map, raw]) expect(unpack(pack(value))).toEqual(value);
  });

  test("floats of 32 bits and numbers beyond 2^53 are read", () => {
    expect(unpack(bytes("ca3fc00000"))).toBe(1.5);
    expect(unpack(bytes("cfffffffffffffffff"))).toBe(2 ** 64);
    expect(Object.is(unpack(pack(-0)), -0)).toBe(true);
  });

  test("nesting has an end", () => {
    expect(() => unpack(new Uint8Array(1_000).fill(0x91))).toThrow(RangeError);
  });

  test("a length that lies allocates nothing", () => {
    for (const head of ["ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff"]) {
      expect(() => unpack(bytes(head))).toThrow(RangeError);
    }
  });

  test.each(range(1, 50))("seed %i: what was packed comes back", (seed) => {
    const next = random(seed);
    for (const _ of range(1, 20)) {
      const value = anything(next, 4);
      expect(unpack(pack(value))).toEqual(value);
    }
  });

  test.each(range(1, 50))("seed %i: bytes are a value or an error, nothing else happens", (seed) => {
    const next = random(seed);
    for (const _ of range(1, 200)) {
      const data = next() < 0.5 ? noise(next) : bitten(pack(anything(next, 3)), next);
      try {
        unpack(data);
      } catch (error) {
        expect(error instanceof RangeError || error instanceof TypeError).toBe(true);
      }
    }
  });
});

function noise(next: () => number): Uint8Array {
  return Uint8Array.from(range(1, Math.floor(next() * 40)), () => next() * 256);
}

/** With one byte changed, or without its end. */
function bitten(data: Uint8Array, next: () => number): Uint8Array {
  const at = Math.floor(next() * data.length);
  if (next() < 0.5) return data.slice(0, at);
  data[at] = next() * 256;
  return data;
}

function anything(next: () => number, depth: number): Packable {
  const count = Math.floor(next() * 5);
  switch (Math.floor(next() * (depth > 0 ? 8 : 6))) {
    case 0:
      return null;
    case 1:
      return next() < 0.5;
    case 2:
      return Math.round((next() - 0.5) * 2 ** Math.floor(next() * 53)) + 0;
    case 3:
      return (next() - 0.5) * 1e9 + 0.123;
    case 4:
      return String.fromCodePoint(...range(1, count * 20).map(() => Math.floor(next() * 0xd7ff)));
    case 5:
      return noise(next);
    case 6:
      return range(1, count).map(() => anything(next, depth - 1));
    default:
      return new Map(range(1, count).map((key) => [key * 97, anything(next, depth - 1)]));
  }
}
