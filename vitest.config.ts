import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "src/**/*.test.ts",
      "cli/**/*.test.ts",
      "paper/**/*.test.ts",
      "test/conformance/**/*.test.ts",
      "test/e2e/**/*.test.ts",
      "test/fuzz/**/*.test.ts",
      "test/types/**/*.test.ts",
      "examples/**/*.test.ts",
    ],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Test files leave nothing behind, and loading all of src for each of 150 takes a minute.
    isolate: false,
  },
});
