import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The fuzzers of npm test too, with more cases.
    include: ["test/slow/**/*.test.ts", "test/fuzz/**/*.test.ts"],
    env: { ORNSTEIN_FUZZ_TIMES: process.env.ORNSTEIN_FUZZ_TIMES ?? "25" },
    testTimeout: 1_200_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
});
