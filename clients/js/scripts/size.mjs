// Prints how large the SDK is in a browser bundle, and fails when that is more than 8 KB compressed.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LIMIT_BYTES = 8 * 1024;

const { outputFiles } = await build({
  entryPoints: [new URL("../src/index.ts", import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const code = outputFiles[0].contents;
const packed = gzipSync(code, { level: 9 }).length;
console.log(`${code.length} bytes minified, ${packed} bytes gzip`);
if (packed > LIMIT_BYTES) {
  console.error(`more than ${LIMIT_BYTES} bytes`);
  process.exitCode = 1;
}
