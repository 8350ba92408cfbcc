// Where peers live: a virtual environment of Python for each file of bench/peers/environments, and R where the machine has it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLine, runProcess } from "./processes.mjs";

const bench = new URL("../", import.meta.url).pathname;
const home = join(bench, ".venv");
/** Seconds that an installation may take. */
const patience = 3600;
const known = new Map();

/**
 * @param {string} name of a file in bench/peers/environments, or "r"
 * @param {(line: string) => void} say
 * @returns {Promise<{ command: string } | { missing: string }>} the interpreter, or why there is none; what could not be installed is
 * not tried again until its folder in bench/.venv is removed or its requirements change
 */
export async function environment(name, say) {
  if (!known.has(name)) known.set(name, name === "r" ? findR() : await install(name, say));
  return known.get(name);
}

function findR() {
  const check = "for (name in c('lme4', 'glmmTMB', 'jsonlite', 'data.table')) library(name, character.only = TRUE)";
  const asked = spawnSync("Rscript", ["-e", check], { encoding: "utf8" });
  if (asked.error) return { missing: "not installed: there is no Rscript on the path" };
  return asked.status === 0 ? { command: "Rscript" } : { missing: `not installed: ${lastLine(asked.stderr)}` };
}

async function install(name, say) {
  const requirements = readFileSync(join(bench, "peers/environments", `${name}.txt`), "utf8");
  const folder = join(home, name);
  const command = join(folder, "bin/python");
  const mark = join(folder, "installed.json");
  if (existsSync(mark)) {
    const kept = JSON.parse(readFileSync(mark, "utf8"));
    if (kept.requirements === requirements) return kept.missing ? { missing: kept.missing } : { command };
  }
  say(`installing ${name} into bench/.venv/${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const python = process.env.PYTHON ?? "python3";
  const steps = [
    { command: python, args: ["-m", "venv", folder] },
    { command, args: ["-m", "pip", "install", "--quiet", "-r", join(bench, "peers/environments", `${name}.txt`)] },
  ];
  let missing;
  for (const step of steps) {
    const { status, reason } = await runProcess({ ...step, limit: patience });
    if (status === "done") continue;
    missing = `not installed: ${reason}`;
    break;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(mark, JSON.stringify({ requirements, missing }));
  return missing ? { missing } : { command };
}
