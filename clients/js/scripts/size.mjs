// Prints how large the SDK is in a browser bundle, and fails when the client is more than 14 KB compressed.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LIMIT_BYTES = 14 * 1024;

async function packed(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("../src", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

const client = await packed('export { Hubbub } from "./hubbub.ts"');
const all = await packed('export * from "./index.ts"');
console.log(`minified and gzipped: the client ${client} bytes, with the REST API and all else ${all} bytes`);
if (client > LIMIT_BYTES) {
  console.error(`the client has more than ${LIMIT_BYTES} bytes`);
  process.exitCode = 1;
}
