import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["hubbub-source"] },
  test: { environment: "jsdom", include: ["tests/**/*.test.{ts,tsx}"] },
});
