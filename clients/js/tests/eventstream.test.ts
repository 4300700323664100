import { expect, test } from "vitest";
import { EventStream } from "../src/eventstream.js";
import { range } from "./page.js";
import { random } from "./random.js";

const utf8 = new TextEncoder();

function parse(...chunks: (string | Uint8Array)[]): string[] {
  const stream = new EventStream();
  return chunks.flatMap((chunk) => stream.feed(typeof chunk === "string" ? utf8.encode(chunk) : chunk));
}

test.each([
  ["one event", "data: a\n\n", ["a"]],
  ["two events", "data: a\n\ndata: b\n\n", ["a", "b"]],
  ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
  ["CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
  ["line ends of all kinds", "data: a\r\ndata: b\rdata: c\n\r\n", ["a\nb\nc"]],
  ["a byte order mark", "\uFEFFdata: a\n\n", ["a"]],
  ["comments", ": ping\n\n:\ndata: a\n: ping\n\n", ["a"]],
  ["one space is no part of the data", "data:  a\n\ndata:b\n\n", [" a", "b"]],
  ["empty data", "data\n\ndata:\n\n", ["", ""]],
  ["data on several lines", 'data: {"a":\ndata:1}\n\n', ['{"a":\n1}']],
  ["fields that mean nothing here", "id: general:4\nevent: x\nretry: 5\ndatax: y\ndata: a\n\n", ["a"]],
  ["an id alone is no event", "id: general:4\n\n", []],
  ["what is not finished is no event", "data: a\n\ndata: b\n", ["a"]],
])("%s", (_, text, events) => {
  expect(parse(text)).toEqual(events);
});

test.each(range(1, 100))("seed %i: chunks may begin and end anywhere", (seed) => {
  const next = random(seed);
  const texts = range(1, 8).map((i) => ["{}", `é ${i} 🎉`, "", "a\nb", "x".repeat(i * 50)][i % 5] as string);
  const end = ["\n", "\r\n", "\r"][seed % 3] as string;
  const lines = texts.flatMap((text) => [...text.split("\n").map((line) => `data: ${line}`), ""]);
  const data = utf8.encode(`\uFEFF: hello${end}${lines.map((line) => line + end).join("")}`);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const size = Math.floor(next() * (seed % 2 === 0 ? 4 : 60));
    chunks.push(data.slice(at, at + size));
    at += size;
  }
  expect(parse(...chunks)).toEqual(texts);
});
