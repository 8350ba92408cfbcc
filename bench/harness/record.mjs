// The record of a machine and a day, as JSON.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench, cacheFolder, root } from "./cases.mjs";
import { hardware, machineName } from "./machine.mjs";

const results = join(bench, "results");

function newestPath() {
  const names = existsSync(results) ? readdirSync(results).filter((name) => name.endsWith(".json")) : [];
  if (names.length === 0) throw new Error("There is no record in bench/results yet.");
  return join(results, names.sort().at(-1));
}

/**
 * @param {{ quick: boolean, newest: boolean }} options `quick`: the record of short runs, in bench/.cache; `newest`: the last one,
 * to be rendered, in place of that of this machine and day
 */
export function openRecord({ quick, newest }) {
  const machine = hardware();
  const date = new Date().toISOString().slice(0, 10);
  const own = join(results, `${date}-${machineName(machine)}.json`);
  const path = quick ? join(cacheFolder, "quick.json") : newest ? newestPath() : own;
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const content = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { date, cases: {} };
  if (!newest) Object.assign(content, { date, ornstein: version, hardware: machine, quick });
  const write = () => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`);
  };
  return {
    path,
    content,
    keep: (name, result) => {
      content.cases[name] = result;
      write();
    },
    keepScaling: (scaling) => {
      content.scaling = scaling;
      write();
    },
  };
}
