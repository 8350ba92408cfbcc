import { defineConfig } from "tsdown";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    node: "src/node.ts",
    "node-worker": "src/engine/node-worker.ts",
    cli: "cli/main.ts",
  },
  format: "esm",
  platform: "neutral",
  target: "node20",
  dts: true,
  clean: true,
  fixedExtension: true,
});
