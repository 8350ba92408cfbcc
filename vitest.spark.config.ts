import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/spark/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
});
