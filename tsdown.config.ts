import { defineConfig } from "tsdown";
import { optionalDependencies } from "./package.json" with { type: "json" };
import { buildStudio } from "./scripts/build-studio.mjs";

/**
 * TypeScript writes the literals of a union that it infers in the order in which it first met them, which is that in which files
 * happen to be read: without an order of their own two builds of the same sources would differ.
 */
const unions = /"[^"\n]*"(?: \| "[^"\n]*")+/g;
const literal = /"[^"\n]*"/g;
const orderOfLiterals = {
  name: "order-of-literals",
  renderChunk: {
    order: "post" as const,
    handler: (code: string, { fileName }: { fileName: string }) =>
      fileName.endsWith(".d.mts") ? code.replace(unions, (union) => union.match(literal)!.sort().join(" | ")) : null,
  },
};

const shared = {
  // Imported where they are needed, if they are there (docs/library.md); tsdown knows of the other dependencies by itself.
  external: Object.keys(optionalDependencies).map((name) => new RegExp(`^${name}(/|$)`)),
  plugins: [orderOfLiterals],
  format: "esm" as const,
  platform: "node" as const,
  target: "node20",
  fixedExtension: true,
  // What may be bundled is the business of scripts/licences.mjs.
  inlineOnly: false as const,
  // What is bundled runs when it is used: no chunk is imported for its effects alone.
  treeshake: { moduleSideEffects: false },
};

const library = defineConfig({
  ...shared,
  entry: {
    index: "src/index.ts",
    node: "src/node.ts",
    jax: "src/jax.ts",
    tfjs: "src/tfjs.ts",
    plots: "src/plots.ts",
    cli: "cli/start.ts",
    supervisor: "cli/process/supervisor.ts",
  },
  dts: true,
  clean: true,
  // Its scripts are made for browsers, by another bundler.
  hooks: { "build:done": () => buildStudio() },
});

/** What Spark's executors run, each file by itself: they are sent there. */
const spark = defineConfig({
  ...shared,
  entry: { ornstein_worker: "src/spark/worker-node.ts" },
  outDir: "dist/spark",
  dts: false,
  // The library's build has cleaned the folder.
  clean: false,
  copy: ["src/spark/ornstein_driver.py", "src/spark/ornstein_executor.py"].map((from) => ({ from, to: "dist/spark" })),
});

export default [library, spark].flat();
