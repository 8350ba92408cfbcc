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

export default defineConfig({
  entry: {
    index: "src/index.ts",
    node: "src/node.ts",
    jax: "src/jax.ts",
    tfjs: "src/tfjs.ts",
    plots: "src/plots.ts",
    cli: "cli/start.ts",
    supervisor: "cli/process/supervisor.ts",
  },
  // Imported where they are needed, if they are there (docs/library.md); tsdown knows of the other dependencies by itself.
  external: Object.keys(optionalDependencies).map((name) => new RegExp(`^${name}(/|$)`)),
  plugins: [orderOfLiterals],
  format: "esm",
  platform: "node",
  target: "node20",
  dts: true,
  clean: true,
  fixedExtension: true,
  // What may be bundled is the business of scripts/licences.mjs.
  inlineOnly: false,
  // What is bundled runs when it is used: no chunk is imported for its effects alone.
  treeshake: { moduleSideEffects: false },
  // Its scripts are made for browsers, by another bundler.
  hooks: { "build:done": () => buildStudio() },
});
