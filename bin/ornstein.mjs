#!/usr/bin/env node
import { existsSync } from "node:fs";

const supervisor = new URL("../dist/supervisor.mjs", import.meta.url);
if (!existsSync(supervisor)) {
  console.error("ornstein is not built yet: run `npm run build` in its folder first.");
  process.exit(2);
}
const { supervise } = await import(supervisor.href);
supervise(new URL("cli.mjs", supervisor), process.argv.slice(2));
