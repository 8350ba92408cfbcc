import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// A run is interrupted at many moments: it ends within a second, with the signal's status, and leaves nothing half done.
const bin = new URL("../../bin/ornstein.mjs", import.meta.url).pathname;
let folder = "";
const at = (name: string) => join(folder, name);
const names = (name: string) => readdirSync(at(name));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "interrupts-"));
  for (const name of ["temporary", "results"]) mkdirSync(at(name));
  const rows = Array.from({ length: 300 }, (_, n) => `${Math.sin(1.7 * n) + Math.sin(n * n)},${Math.sin(1.7 * n)}`);
  writeFileSync(at("table.csv"), `y,x\n${rows.join("\n")}\n`);
  spawnSync("mkfifo", [at("pipe")]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<number>;
}

function start(...args: string[]): Run {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: at("results"),
    env: { ...process.env, TMPDIR: at("temporary") },
  });
  let said = "";
  child.stderr.on("data", (piece) => {
    said += piece;
  });
  child.stdout.resume();
  return { child, said: () => said, ended: exitStatus(child) };
}

/** As a shell has it: before Node runs the first line of a program, a signal ends it without a status. */
function exitStatus(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}

const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof statuses;

async function interrupted(run: Run, signal: Signal): Promise<string> {
  const asked = performance.now();
  run.child.kill(signal);
  expect(await run.ended).toBe(statuses[signal]);
  expect(performance.now() - asked).toBeLessThan(1000);
  expect(names("temporary")).toEqual([]);
  expect(names("results").filter((name) => name.endsWith(".tmp"))).toEqual([]);
  return run.said();
}

const heard = (run: Run, words: RegExp) => expect.poll(run.said, { timeout: 30_000, interval: 20 }).toMatch(words);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const large = "select sin(range) + (range % 13) as y, range % 40 as a, range % 19 as b from range(200000)";
const cube = "select count(*) as y, 1 as x from range(100000) a, range(100000) b, range(100) c";
const outputs = ["--save", "fit.nc", "--draws-out", "draws.parquet", "--json", "fit.json"];

describe("an interrupt", () => {
  it.each<[string, Signal, string[], RegExp | number]>([
    ["while modules are loaded", "SIGINT", ["fit", "../table.csv", "-f", "y ~ x"], 300],
    ["while DuckDB computes", "SIGINT", ["fit", "--sql", cube, "-f", "y ~ x"], /opening/],
    ["while DuckDB computes", "SIGHUP", ["fit", "--sql", cube, "-f", "y ~ 1"], /opening/],
    ["before a pipe has a writer", "SIGTERM", ["fit", "../pipe", "-f", "y ~ x"], /opening/],
    ["while the mode is found", "SIGTERM", ["fit", "--sql", large, "-f", "y ~ C(a) * C(b)"], /the mode/],
    ["while threads sample", "SIGHUP", ["fit", "--sql", large, "-f", "y ~ b", "--sampler", "nuts"], /warming up/],
    ["while samplers are compared", "SIGINT", ["compare", "--sql", large, "-f", "y ~ a"], /reference/],
  ])("%s: %s", async (_, signal, args, moment) => {
    const run = start(...args, ...(args[0] === "fit" ? outputs : []));
    if (typeof moment === "number") await pause(moment);
    else await heard(run, moment);
    const said = await interrupted(run, signal);
    if (typeof moment !== "number") expect(said).toMatch(/Interrupted; nothing was written\.\n$/);
    expect(names("results")).toEqual([]);
  });

  it("while files are written: says which are", async () => {
    const run = start("fit", "../table.csv", "-f", "y ~ x", "--sampler", "laplace", "--draws", "20000", ...outputs);
    await heard(run, /writing draws\.parquet/);
    expect(await interrupted(run, "SIGTERM")).toMatch(/Interrupted; "fit\.nc" was written\.\n$/);
    expect(names("results")).toEqual(["fit.nc"]);
    rmSync(at("results/fit.nc"));
  }, 30_000);

  it("while standard input is read", async () => {
    const run = start("fit", "-", "-f", "y ~ x");
    run.child.stdin!.write("y,x\n1,2\n");
    await expect.poll(() => names("temporary").length, { timeout: 20_000 }).toBe(1);
    await interrupted(run, "SIGINT");
  }, 30_000);

  it("at moments that nobody chose", async () => {
    for (const [k, signal] of (["SIGINT", "SIGTERM", "SIGHUP"] as const).entries()) {
      const run = start("fit", "--sql", large, "-f", "y ~ C(a) + C(b)", ...outputs);
      await pause(400 + 617 * k);
      await interrupted(run, signal);
      expect(names("results")).toEqual([]);
    }
  }, 30_000);
});

describe("a run that is killed", () => {
  const temporaries = () => [...names("temporary"), ...names("results").filter((name) => name.endsWith(".tmp"))];

  it("with nobody to clean up leaves what the next run removes", async () => {
    // The process that computes is the other's child; both are killed, as with a machine's power.
    const run = start("fit", "-", "-f", "y ~ x");
    run.child.stdin!.write("y,x\n1,2\n");
    await expect.poll(() => temporaries().length, { timeout: 20_000 }).toBeGreaterThan(0);
    const children = readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, "utf8");
    run.child.kill("SIGSTOP");
    process.kill(Number(children.trim()), "SIGKILL");
    run.child.kill("SIGKILL");
    await run.ended;
    expect(temporaries().length).toBeGreaterThan(0);
    expect(await start("fit", "../table.csv", "-f", "y ~ x", "--draws", "100").ended).not.toBe(2);
    expect(temporaries()).toEqual([]);
  }, 30_000);

  it("by its first process alone ends, and cleans up", async () => {
    const run = start("fit", "-", "-f", "y ~ x");
    run.child.stdin!.write("y,x\n1,2\n");
    await expect.poll(() => temporaries().length, { timeout: 20_000 }).toBeGreaterThan(0);
    run.child.kill("SIGKILL");
    await expect.poll(temporaries, { timeout: 5000 }).toEqual([]);
  }, 30_000);

  it("from outside has a sentence, and leaves nothing", async () => {
    const run = start("fit", "--sql", large, "-f", "y ~ C(a) + C(b)");
    await heard(run, /the mode/);
    const children = readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, "utf8");
    process.kill(Number(children.trim()), "SIGKILL");
    expect(await run.ended).toBe(137);
    expect(run.said()).toMatch(
      /ornstein: the run was ended by SIGKILL, as systems do where memory runs out; nothing was/,
    );
    expect(existsSync(at("results/fit.nc"))).toBe(false);
    expect(temporaries()).toEqual([]);
  }, 30_000);
});
