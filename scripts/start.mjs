// The main job: three million flights, late by more than 15 minutes, explained by hour, weekday and distance.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import "./prepare.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const args = [
  "fit",
  "node_modules/vega-datasets/data/flights-3m.parquet",
  "--sql",
  "select delay > 15 as late, hour(date) as hour, dayname(date) as weekday, distance from data",
  "--formula",
  "late ~ C(hour) + weekday + distance",
];
const shown = args.map((arg) => (/[ ~>]/.test(arg) ? `"${arg}"` : arg)).join(" ");
console.error(`\n$ ornstein ${shown}\n`);
const { status } = spawnSync(process.execPath, [join(root, "bin/ornstein.mjs"), ...args], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
