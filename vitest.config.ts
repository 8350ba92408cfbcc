import { defineConfig } from "vitest/config";

/** Adds to the lists of families and samplers, which no other test should see. */
const apart = "test/conformance/recipe.test.ts";

export default defineConfig({
  test: {
    testTimeout: 180_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: [
            "src/**/*.test.ts",
            "cli/**/*.test.ts",
            "studio/**/*.test.ts",
            "paper/**/*.test.ts",
            "test/conformance/**/*.test.ts",
            "test/e2e/**/*.test.ts",
            "test/fuzz/**/*.test.ts",
            "test/types/**/*.test.ts",
            "examples/**/*.test.ts",
            "bench/**/*.test.mjs",
          ],
          exclude: [apart],
          // Test files leave nothing behind, and loading all of src for each of 150 takes a minute.
          isolate: false,
        },
      },
      { extends: true, test: { name: "apart", include: [apart] } },
    ],
  },
});
