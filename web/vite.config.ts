import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";
import { emojiTable } from "./emoji.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Where `npm run dev` finds a running server: `hubbub serve` listens here by default. */
const server = process.env["HUBBUB_URL"] ?? "http://127.0.0.1:8000";

/** Put each text beside itself compressed: the server sends what is there and never compresses while it runs. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir = "" }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(?:js|css|html|svg)$/.test(name)) continue;
        const file = join(dir, name);
        const content = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(content));
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig(({ mode }) => ({
  base: "/",
  plugins: [emojiTable(), packed()],
  resolve: {
    // The SDK's TypeScript, not its build: no step between a change there and a page here.
    conditions: ["hubbub-source", ...defaultClientConditions],
    // The demo runs without a server, on an imitation of the SDK with an invented conversation.
    alias: mode === "demo" ? { "hubbub-client": path("./dev/demo-client.ts") } : {},
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: path("../src/hubbub/http/app"),
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    assetsInlineLimit: 0, // the content security policy allows files of this origin, not data: URLs
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      "/api": { target: server },
      "/ws": { target: server, ws: true },
      "/sse": { target: server },
      "/poll": { target: server },
    },
  },
}));
