import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bin, commandFolder } from "./command.ts";

// Fits of rows that memory is too small for, by the built command.
const { folder, ornstein } = commandFolder("blocks");
const at = (name: string) => join(folder, name);
const numRows = 60_000;
const logistic = ["fit", "table.csv", "-f", "y ~ x + C(g)", "--draws", "500", "--seed", "3", "--tolerance", "0.1"];
const inBlocks = ["--memory", "4MB"];

beforeAll(() => {
  const lines = Array.from({ length: numRows }, (_, n) => {
    const x = Math.sin(1.7 * n) + Math.sin(n * n);
    const g = n % 2000 === 0 ? 9 : n % 4;
    return `${Number(Math.sin(n * 12.9898) * 43758.5453 - Math.floor(Math.sin(n * 12.9898) * 43758.5453) < 0.15 + 0.05 * x)},${x},${g},${n % 3}`;
  });
  writeFileSync(at("table.csv"), `y,x,g,n\n${lines.join("\n")}\n`);
  mkdirSync(at("temporary"));
});

interface Result {
  readonly data: { readonly rows: number; readonly blocks?: { readonly count: number; readonly bytes: number } };
  readonly settings: { readonly because: string };
  readonly coefficients: readonly { readonly name: string; readonly mean: number; readonly sd: number }[];
}
const resultIn = (name: string) => JSON.parse(readFileSync(at(name), "utf8")) as Result;

describe("a fit whose rows do not fit into memory", () => {
  it("has the posterior of one whose rows do, and says where they were", async () => {
    const memory = await ornstein(...logistic, "--json", "memory.json");
    const blocks = await ornstein(...logistic, ...inBlocks, "--json", "blocks.json");
    expect([memory.status, blocks.status]).toEqual([0, 0]);
    const [ofMemory, ofBlocks] = [resultIn("memory.json"), resultIn("blocks.json")];
    expect(ofMemory.data.blocks).toBeUndefined();
    expect(ofBlocks.data.blocks).toEqual({ count: 2, bytes: 4 * 8 * numRows });
    expect(ofBlocks.settings.because).toContain("a pool of 65,5");
    expect(blocks.stdout).toContain("60,000 rows, 6 columns (1.83 MiB in 2 blocks on disk); sampler control-variate");
    ofMemory.coefficients.forEach(({ mean, sd }, j) => {
      // The largest error of a mean that a pool may make, and three standard errors of two runs of some thousand effective draws.
      expect(Math.abs(ofBlocks.coefficients[j].mean - mean)).toBeLessThan(0.02 * sd + 3 * sd * Math.sqrt(2 / 1000));
    });
  });

  it("has sparse rows where these take far less, with the posterior that they have in memory", async () => {
    const lines = readFileSync(at("table.csv"), "utf8").trim().split("\n").slice(1);
    const wide = lines.map((line, n) => `${line},l${(n * n) % 211},${["", "late", "late again", "never"][n % 4]}.`);
    writeFileSync(at("wide.csv"), `y,x,g,n,level,note\n${wide.join("\n")}\n`);
    const fitted = ["fit", "wide.csv", "-f", "x ~ n + level + words(note)", "--seed", "3"];
    const memory = await ornstein(...fitted, "--json", "memory.json");
    const blocks = await ornstein(...fitted, "--memory", "3MB", "--json", "blocks.json");
    expect([memory.status, blocks.status]).toEqual([0, 0]);
    const [ofMemory, ofBlocks] = [resultIn("memory.json"), resultIn("blocks.json")];
    expect(ofMemory.data.blocks).toBeUndefined();
    // A head of four words, and two for each of n, level and two words.
    expect(ofBlocks.data.blocks).toEqual({ count: 2, bytes: 4 * 12 * numRows });
    expect(blocks.stdout).toMatch(
      /60,000 rows, \d+ columns \(sparse, [\d.]+ entries a row; 2.75 MiB in 2 blocks on disk\)/,
    );
    // The same sums, but that matrices are added up in single precision, of other rows at a time; and so the same draws, nearly.
    ofMemory.coefficients.forEach(({ mean, sd }, j) => {
      expect(Math.abs(ofBlocks.coefficients[j].mean - mean)).toBeLessThan(1e-3 * sd);
    });
  });

  it("gives the same numbers again, on one thread and on two", async () => {
    for (const threads of ["1", "2"])
      expect((await ornstein(...logistic, ...inBlocks, "--threads", threads, "--json", `${threads}.json`)).status).toBe(
        0,
      );
    expect(resultIn("1.json").coefficients).toEqual(resultIn("2.json").coefficients);
  });

  it("reads the blocks that an earlier run kept", async () => {
    const keeping = [...logistic, ...inBlocks, "--cache", "kept"];
    await ornstein(...keeping, "--json", "first.json");
    const [kept] = readdirSync(at("kept"));
    const contents = readdirSync(join(at("kept"), kept));
    expect(contents.sort()).toEqual(["000000.block", "000001.block", "000002.block", "blocks.json"]);
    await ornstein(...keeping, "--json", "second.json");
    expect(readdirSync(at("kept"))).toEqual([kept]);
    expect(resultIn("second.json").coefficients).toEqual(resultIn("first.json").coefficients);
    rmSync(join(at("kept"), kept, "000001.block"));
    expect((await ornstein(...keeping, "--json", "third.json")).status).toBe(0);
    expect(resultIn("third.json").coefficients).toEqual(resultIn("first.json").coefficients);
  });

  it.each([
    [["--sampler", "nuts"], "are in blocks on disk, of which nuts reads some or all at every step; use --sampler auto"],
    [["--learning-rate", "0.1"], "in blocks on disk"],
    [["--prior", "learned"], "A prior is not learned by empirical Bayes from rows in blocks on disk"],
    [
      ["--save", "fit.nc", "--save-data"],
      "--save-data keeps the target of every row, and the rows do not fit into memory",
    ],
    [["--memory", "much"], 'memory cannot be "much": it takes a size such as "1GiB" or "500MB"'],
  ])("refuses %j in a sentence", async (flags, message) => {
    const memory = flags.includes("--memory") ? [] : inBlocks;
    const { status, stderr } = await ornstein(...logistic, ...memory, ...flags);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it("refuses a comparison, and groups", async () => {
    const compared = await ornstein("compare", "table.csv", "-f", "y ~ x + C(g)", ...inBlocks);
    expect([compared.status, compared.stderr]).toEqual([
      2,
      expect.stringContaining("a comparison runs samplers that read all of them"),
    ]);
    const grouped = await ornstein("fit", "table.csv", "-f", "y ~ x + (1 | g)", "--memory", "2MB");
    expect([grouped.status, grouped.stderr]).toEqual([
      2,
      expect.stringContaining("unless the formula has group terms"),
    ]);
  });
});

describe("a fit in blocks that is ended early", () => {
  const temporaries = () => readdirSync(at("temporary")).filter((name) => name.startsWith("ornstein-"));
  const start = () =>
    spawn(process.execPath, [bin, ...logistic, ...inBlocks, "--draws", "100000"], {
      cwd: folder,
      env: { ...process.env, TMPDIR: at("temporary") },
      stdio: "ignore",
    });
  const ended = (child: ChildProcess) => new Promise((resolve) => child.once("close", resolve));
  const hasBlocks = () =>
    temporaries().some((name) => readdirSync(join(at("temporary"), name)).some((file) => file.endsWith(".block")));
  async function untilBlocks(): Promise<void> {
    while (!hasBlocks()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  it("leaves nothing where it is interrupted", async () => {
    const child = start();
    await untilBlocks();
    child.kill("SIGINT");
    await ended(child);
    expect(temporaries()).toEqual([]);
  });

  it("leaves what the next run removes where it is killed", async () => {
    const child = start();
    await untilBlocks();
    const run = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ").map(Number);
    child.kill("SIGKILL");
    for (const each of run) process.kill(each, "SIGKILL");
    await ended(child);
    const left = temporaries();
    expect(left.length).toBeGreaterThan(0);
    const next = spawn(process.execPath, [bin, "fit", "table.csv", "-f", "y ~ x", "--draws", "10"], {
      cwd: folder,
      env: { ...process.env, TMPDIR: at("temporary") },
      stdio: "ignore",
    });
    await ended(next);
    expect(temporaries()).toEqual([]);
  });
});
