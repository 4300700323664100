import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

test("the page's example is the file that it names", async () => {
  const [page, example] = await Promise.all(
    ["../README.md", "../example.mjs"].map((file) => readFile(new URL(file, import.meta.url), "utf8")),
  );
  expect(page?.match(/```js\n(.*?)```/s)?.[1]).toBe(example);
});
