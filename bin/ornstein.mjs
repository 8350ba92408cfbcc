#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/cli.mjs", import.meta.url);
if (!existsSync(entry)) {
  console.error("ornstein is not built yet: run `npm run build` in its folder first.");
  process.exit(2);
}
await import(entry.href);
