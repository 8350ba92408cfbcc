// Programs that run.mjs compares with: they read a line, run what it asks for, and answer with a line.
import { spawn, spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A peer; `ask` resolves with the number that it answers. */
function start(command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift().resolve(Number(line)));
  child.on("close", (code) => {
    for (const { reject } of waiting) reject(new Error(`${command} ended with ${code}`));
  });
  return {
    ask: (line) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${line}\n`);
      }),
    close: () => child.stdin.end(),
  };
}

/** The loops in C++, compiled for this machine. */
export async function startLoops() {
  await mkdir(here("build/"), { recursive: true });
  const flags = ["-std=c++17", "-O3", "-march=native", "-Wno-ignored-attributes"];
  const { status, error } = spawnSync("g++", [...flags, here("loops.cpp"), "-o", here("build/loops")], {
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("g++ did not compile bench/native/loops.cpp", { cause: error });
  return start(here("build/loops"), []);
}

/** numpy, or null where there is none: `PYTHON` names another interpreter. */
export function startNumpy() {
  const python = process.env.PYTHON ?? "python3";
  if (spawnSync(python, ["-c", "import numpy"]).status !== 0) return null;
  return start(python, [here("numpy_peer.py")]);
}
