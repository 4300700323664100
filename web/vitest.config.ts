import { defineConfig } from "vitest/config";
import { emojiTable } from "./emoji.ts";

export default defineConfig({
  plugins: [emojiTable()],
  resolve: { conditions: ["hubbub-source"] },
  test: { environment: "jsdom", include: ["tests/**/*.test.{ts,tsx}"] },
});
