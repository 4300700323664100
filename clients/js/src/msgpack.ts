/** MessagePack (github.com/msgpack/msgpack/blob/master/spec.md), as far as JSON's values and bytes go. */

const text = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Deeper than anything in the protocol, and far from the end of the stack. */
const DEPTH_MAX = 64;

export type Packable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Packable[]
  | ReadonlyMap<number | string, Packable>;

export type Unpacked = null | boolean | number | string | Uint8Array | Unpacked[] | Map<unknown, Unpacked>;

/** Numbers without a fraction become integers, up to 2^53 - 1 either way; all others float 64. */
export function pack(value: Packable): Uint8Array<ArrayBuffer> {
  const packer = new Packer();
  packer.put(value);
  return packer.bytes();
}

class Packer {
  #data = new Uint8Array(256);
  #view = new DataView(this.#data.buffer);
  #end = 0;

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#data.slice(0, this.#end);
  }

  put(value: Packable): void {
    if (value === null) this.#uint(0xc0, 0, 0);
    else if (typeof value === "boolean") this.#uint(value ? 0xc3 : 0xc2, 0, 0);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#raw(text.encode(value), 0xa0, 32, 0xd9);
    else if (value instanceof Uint8Array) this.#raw(value, 0, 0, 0xc4);
    else if (value instanceof Map) {
      this.#head(value.size, 0x80, 16, 0xdd, 2);
      for (const [key, item] of value) {
        this.put(key);
        this.put(item);
      }
    } else {
      const list = value as readonly Packable[];
      this.#head(list.length, 0x90, 16, 0xdb, 2);
      for (const item of list) this.put(item);
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#uint(0xcb, 0, 0);
      const at = this.#grow(8);
      this.#view.setFloat64(at, value);
    } else if (value >= 0) this.#head(value, 0, 128, 0xcc);
    else if (value >= -32) this.#uint(value & 0xff, 0, 0);
    else {
      const bytes = value >= -0x80 ? 1 : value >= -0x8000 ? 2 : value >= -0x80000000 ? 4 : 8;
      this.#uint(0xd0 + Math.log2(bytes), bytes, value);
    }
  }

  #raw(bytes: Uint8Array, fix: number, small: number, code: number): void {
    this.#head(bytes.length, fix, small, code);
    const at = this.#grow(bytes.length);
    this.#data.set(bytes, at);
  }

  /**
   * A number: below `small` in one byte with `fix`, else in the fewest of `least`, 2, 4 and 8 bytes behind `code`, which
   * goes up by one each time they double.
   */
  #head(value: number, fix: number, small: number, code: number, least = 1): void {
    if (value < small) return this.#uint(fix | value, 0, 0);
    const bytes = Math.max(least, value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8);
    this.#uint(code + Math.log2(bytes), bytes, value);
  }

  /** The first byte of a value, and a whole number in two's complement behind it. */
  #uint(code: number, bytes: number, value: number): void {
    const at = this.#grow(1 + bytes);
    const view = this.#view;
    view.setUint8(at, code);
    if (bytes === 1) view.setUint8(at + 1, value);
    else if (bytes === 2) view.setUint16(at + 1, value);
    else if (bytes === 4) view.setUint32(at + 1, value);
    else if (bytes === 8) view.setBigInt64(at + 1, BigInt(value));
  }

  /** Room for so many bytes more; where they begin. */
  #grow(bytes: number): number {
    const at = this.#end;
    this.#end += bytes;
    if (this.#end > this.#data.length) {
      const data = new Uint8Array(2 * this.#end);
      data.set(this.#data);
      this.#data = data;
      this.#view = new DataView(data.buffer);
    }
    return at;
  }
}

/**
 * The one value that the bytes are. Maps become `Map`s. Whole numbers beyond 2^53 lose their last digits, as in JSON.
 * Throws a RangeError or a TypeError for anything else, extension types included.
 */
export function unpack(data: Uint8Array): Unpacked {
  const reader = new Unpacker(data);
  const value = reader.take(0);
  if (!reader.atEnd) throw new RangeError("bytes after the value");
  return value;
}

class Unpacker {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#data.length;
  }

  take(depth: number): Unpacked {
    if (depth > DEPTH_MAX) throw new RangeError("too deep");
    const code = this.#view.getUint8(this.#skip(1));
    if (code < 0x80) return code;
    if (code < 0x90) return this.#map(code & 0x0f, depth);
    if (code < 0xa0) return this.#list(code & 0x0f, depth);
    if (code < 0xc0) return this.#text(code & 0x1f);
    if (code >= 0xe0) return code - 0x100;
    const width = 2 ** (code & 3); // as the codes of whole numbers are numbered
    if (code >= 0xcc && code <= 0xcf) return this.#uint(width);
    if (code >= 0xd0 && code <= 0xd3) return this.#int(width);
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return code === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#bytes(this.#uint(2 ** (code - 0xc4))).slice();
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(2 ** (code - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(2 ** (code - 0xdb)), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 ** (code - 0xdd)), depth);
      default:
        throw new TypeError(`0x${code.toString(16)} begins no value of this protocol`);
    }
  }

  /** Take so many bytes; where they begin. */
  #skip(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#data.length - at) throw new RangeError("the end is missing");
    this.#at = at + bytes;
    return at;
  }

  #uint(bytes: number): number {
    const at = this.#skip(bytes);
    if (bytes === 1) return this.#view.getUint8(at);
    if (bytes === 2) return this.#view.getUint16(at);
    if (bytes === 4) return this.#view.getUint32(at);
    return Number(this.#view.getBigUint64(at));
  }

  #int(bytes: number): number {
    const at = this.#skip(bytes);
    if (bytes === 1) return this.#view.getInt8(at);
    if (bytes === 2) return this.#view.getInt16(at);
    if (bytes === 4) return this.#view.getInt32(at);
    return Number(this.#view.getBigInt64(at));
  }

  #bytes(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#data.subarray(at, at + length);
  }

  #text(length: number): string {
    return utf8.decode(this.#bytes(length));
  }

  #list(length: number, depth: number): Unpacked[] {
    const list: Unpacked[] = [];
    for (let i = 0; i < length; i += 1) list.push(this.take(depth + 1));
    return list;
  }

  #map(length: number, depth: number): Unpacked {
    const map = new Map<unknown, Unpacked>();
    for (let i = 0; i < length; i += 1) {
      const key = this.take(depth + 1);
      map.set(key, this.take(depth + 1));
    }
    return map;
  }
}
