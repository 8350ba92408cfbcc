import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// The package as `npm install ornstein --omit=optional` leaves it: without DuckDB, HDF5 and what only the command needs. What else it
// uses of others is built into it.

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "ornstein-omitted-"));
const own = join(folder, "node_modules", "ornstein");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function install(name: string): void {
  const to = join(folder, "node_modules", name);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(root, "node_modules", name), to);
}

beforeAll(() => {
  mkdirSync(own, { recursive: true });
  // Copied, as a link would find the packages beside the original.
  for (const part of ["dist", "bin", "package.json"]) cpSync(join(root, part), join(own, part), { recursive: true });
  writeFileSync(join(folder, "rows.csv"), "x,y\n1,1\n2,3\n3,2\n4,5\n");
});

async function run(...args: string[]) {
  const done = promisify(execFile)(process.execPath, args, { cwd: folder });
  return done.then(
    ({ stdout, stderr }) => ({ stdout, stderr, status: 0 }),
    ({ stdout, stderr, code }) => ({ stdout, stderr, status: code }),
  );
}

const program = (body: string) => run("--input-type=module", "-e", body);
const saying = (call: string) => `console.log(await ${call}.catch(({ name, message }) => name + ": " + message));`;

describe("without the optional packages", () => {
  it("tables in memory are fitted, on threads too, and fits are carried as bytes", async () => {
    const { stdout, stderr } = await program(`
      import { exportFit, importFit } from "ornstein";
      import { fit } from "ornstein/node";
      const x = Array.from({ length: 50 }, (_, n) => n % 7);
      const posterior = await fit({ data: { x, y: x.map((v, n) => v + (n % 3)) }, formula: "y ~ x" }, { threads: 2, draws: 20 });
      console.log((await importFit(exportFit(posterior)).predict({ x: [1] })).rows);`);
    expect(stderr).toBe("");
    expect(stdout).toBe("1\n");
  });

  it("files and saved fits name the package that is missing, and how to get it", async () => {
    writeFileSync(join(folder, "fit.nc"), Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a));
    const { stdout } = await program(`
      import { fit, loadFit } from "ornstein/node";
      ${saying('fit({ path: "rows.csv", formula: "y ~ x" })')}
      ${saying('loadFit("fit.nc")')}`);
    expect(stdout.trim().split("\n")).toEqual([
      "InputError: Reading files and queries needs the package @duckdb/node-api, which is not installed: npm install @duckdb/node-api",
      "InputError: netCDF-4 needs the package h5wasm, which is not installed: npm install h5wasm",
    ]);
  });

  it("the command says so in a sentence", async () => {
    const bin = join(own, "bin", "ornstein.mjs");
    const first = await run(bin, "fit", "rows.csv", "-f", "y ~ x");
    expect(first).toMatchObject({ status: 2, stdout: "" });
    expect(first.stderr).toMatch(
      /^ornstein: the command needs the package (commander|cli-progress), .*: npm install \S+\n$/,
    );
    for (const name of ["commander", "cli-progress"]) install(name);
    const second = await run(bin, "fit", "rows.csv", "-f", "y ~ x", "--quiet");
    expect(second).toMatchObject({ status: 2, stdout: "" });
    expect(second.stderr).toMatch(/^ornstein: Reading files and queries needs the package @duckdb\/node-api, .*\n$/);
    const plot = await run(bin, "paper", "--only", "information-bound", "--out", "paper", "--data", ".", "--quiet");
    expect(plot).toMatchObject({ status: 2, stdout: "" });
    expect(plot.stderr).toMatch(/ornstein: this needs the package @observablehq\/plot, which is not installed/);
  });
});
