import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { bin } from "./command.ts";

/** A run of the command in its own process group, as `kill -9` of the group ends it. */
export interface KillableRun {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly status: number; readonly said: string }>;
}

export function startKillable(cwd: string, args: readonly string[]): KillableRun {
  const child = spawn(process.execPath, [bin, ...args], { cwd, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (piece) => {
    said += piece;
  });
  const ended = new Promise<{ status: number; said: string }>((resolve) => {
    child.once("close", (code, signal) => resolve({ status: code ?? 128 + constants.signals[signal!], said }));
  });
  return { child, ended };
}

export function killGroup({ child }: KillableRun): void {
  process.kill(-child.pid!, "SIGKILL");
}

/** The states of a checkpoint's folder. */
export function statesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".state")) : [];
}

/** The draws of all chains as they stand in CmdStan's files, less the comments, which have the time that they took. */
export function drawsOf(folder: string, name: string, chains: number): string {
  return Array.from({ length: chains }, (_, k) =>
    readFileSync(join(folder, `${name}_${k + 1}.csv`), "utf8")
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .join("\n"),
  ).join("\n");
}

/** y, x, z, g: whether something happens, two numbers, and one of 200 groups. */
export function eventsTable(numRows: number): string {
  const random = createRandom(21, 0, 2);
  const effects = Array.from({ length: 200 }, () => 0.6 * random.normal());
  const rows = Array.from({ length: numRows }, (_, n) => {
    const [x, z] = [random.normal(), random.normal()];
    const eta = 0.5 * x - 0.3 * z + effects[n % 200];
    const happens = random.uniform() < 1 / (1 + Math.exp(-eta));
    return `${happens ? "yes" : "no"},${x.toFixed(4)},${z.toFixed(4)},g${n % 200}`;
  });
  return `y,x,z,g\n${rows.join("\n")}\n`;
}
