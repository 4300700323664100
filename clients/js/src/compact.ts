import { FIELD_KEYS, TYPE_KEYS } from "./keys.js";
import { type Packable, pack, type Unpacked, unpack } from "./msgpack.js";

/**
 * The compact wire: the objects of the JSON wire with numbers for the fields' names and for the value of `type`. What
 * the server itself has no number for, it passes on by its name: a `type` as a text, fields under `unnumbered`.
 */

const FIELDS = inverse(FIELD_KEYS);
const TYPES = inverse(TYPE_KEYS);
const TYPE = FIELD_KEYS["type"];
const UNNUMBERED = FIELD_KEYS["unnumbered"];

function inverse(keys: Readonly<Record<string, number>>): ReadonlyMap<unknown, string> {
  return new Map(Object.entries(keys).map(([name, number]) => [number, name]));
}

/** A command. Throws a TypeError for a field or a type that has no number: a bug. */
export function encode(command: object): Uint8Array<ArrayBuffer> {
  return pack(toNumbers(command));
}

/** An object of the server; numbers that have no name here are left out. Throws when the bytes are none. */
export function decode(data: Uint8Array): object {
  const frame = toNames(unpack(data));
  if (typeof frame !== "object" || frame === null || Array.isArray(frame)) throw new TypeError("no object");
  return frame;
}

function toNumbers(value: unknown): Packable {
  if (typeof value !== "object" || value === null) return value as Packable;
  if (Array.isArray(value)) return value.map(toNumbers);
  const map = new Map<number, Packable>();
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const key = number(FIELD_KEYS, name);
    map.set(key, key === TYPE ? number(TYPE_KEYS, item as string) : toNumbers(item));
  }
  return map;
}

function number(keys: Readonly<Record<string, number>>, name: string): number {
  const found = keys[name];
  if (found === undefined) throw new TypeError(`${name} has no number`);
  return found;
}

function toNames(value: Unpacked): unknown {
  if (Array.isArray(value)) return value.map(toNames);
  if (!(value instanceof Map)) return value;
  const named: [string, unknown][] = [];
  for (const [key, item] of value) {
    if (key === UNNUMBERED && item instanceof Map) named.unshift(...Object.entries(toNames(item) as object));
    else if (typeof key === "string") named.push([key, toNames(item)]);
    else {
      const name = FIELDS.get(key);
      const known = key !== TYPE || typeof item === "string" ? toNames(item) : TYPES.get(item);
      if (name !== undefined) named.push([name, known]);
    }
  }
  return Object.fromEntries(named);
}
