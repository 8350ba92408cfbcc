#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/cli.mjs", import.meta.url);
if (!existsSync(entry)) {
  console.error("ornstein is not built yet: run `npm run build` in its folder first.");
  process.exit(2);
}
try {
  await import(entry.href);
} catch (error) {
  const [, missing] = /^Cannot find package '([^']+)'/.exec(error.message) ?? [];
  if (missing === undefined) throw error;
  console.error(`ornstein: the command needs the package ${missing}, which is not installed: npm install ${missing}`);
  process.exit(2);
}
