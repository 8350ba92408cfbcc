import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Posterior } from "../../src/public.ts";

// The built package in other runtimes: the same draws as in Node, on worker threads, from memory and from files.

const built = new URL("../../dist/", import.meta.url);
// A user's project that has the package installed.
const folder = mkdtempSync(join(tmpdir(), "ornstein-runtimes-"));
mkdirSync(join(folder, "node_modules"));
symlinkSync(new URL("../..", import.meta.url), join(folder, "node_modules", "ornstein"));
writeFileSync(join(folder, "package.json"), '{ "type": "module", "dependencies": { "ornstein": "*" } }');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const x = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 101);
const y = x.map((value, n) => value + ((n * 104_729) % 97));
const rows = { x: [1, 2.5, 100] };

let posterior: Posterior;
let expected: unknown;
beforeAll(async () => {
  const { fit, exportFit } = await import(new URL("node.mjs", built).href);
  posterior = await fit({ data: { x, y }, formula: "y ~ x" }, { threads: 2, draws: 100 });
  writeFileSync(at("fit.ornstein"), exportFit(posterior));
  writeFileSync(at("table.csv"), `x,y\n${x.map((value, n) => `${value},${y[n]}\n`).join("")}`);
  expected = (await posterior.predict(rows)).columns;
});

describe("a worker thread of Node", () => {
  it("imports a fit and predicts with the same bits", async () => {
    const source = `
      import { readFileSync } from "node:fs";
      import { parentPort } from "node:worker_threads";
      import { importFit } from ${JSON.stringify(new URL("index.mjs", built).href)};
      const fit = importFit(readFileSync(${JSON.stringify(at("fit.ornstein"))}));
      parentPort.postMessage((await fit.predict(${JSON.stringify(rows)})).columns);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
    const columns = await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    expect(columns).toEqual(expected);
  });
});

/** Where to find a runtime, and how it runs a file; not installed with the project. */
const runtimes = [
  { name: "Bun", command: process.env.BUN_PATH ?? "bun", args: ["run"] },
  { name: "Deno", command: process.env.DENO_PATH ?? "deno", args: ["run", "--allow-all"] },
];

const program = `
  import { readFileSync } from "node:fs";
  import { fit, importFit, loadFit, saveFit } from "ornstein/node";
  const table = { data: { x: ${JSON.stringify(x)}, y: ${JSON.stringify(y)} }, formula: "y ~ x" };
  const options = { threads: 2, draws: 100 };
  const inMemory = await fit(table, options);
  const ofFile = await fit({ path: ${JSON.stringify(at("table.csv"))}, formula: "y ~ x" }, options);
  const imported = importFit(readFileSync(${JSON.stringify(at("fit.ornstein"))}));
  await saveFit(inMemory, process.argv.at(-1));
  const loaded = await loadFit(process.argv.at(-1));
  const draws = [inMemory, ofFile, imported, loaded].map(({ draws }) => Object.fromEntries([...draws].map(([name, [first]]) => [name, [...first]])));
  const { columns } = await imported.predict(${JSON.stringify(rows)});
  console.log(JSON.stringify({ draws, mean: [...columns.mean] }));
  process.exit(0);`;

describe.each(runtimes)("$name", ({ name, command, args }) => {
  const isThere = (() => {
    try {
      execFileSync(command, ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      console.warn(`no ${name} on this machine (${name.toUpperCase()}_PATH): its test is skipped`);
      return false;
    }
  })();

  it.skipIf(!isThere)("fits on worker threads, reads files and fits, and has the draws of Node", async () => {
    writeFileSync(at("program.mjs"), program);
    const { stdout } = await promisify(execFile)(command, [...args, at("program.mjs"), at(`${name}.nc`)], {
      cwd: folder,
    });
    const { draws, mean } = JSON.parse(stdout);
    // The kernels give the same bits; Math.exp and its like may differ in the last one between engines.
    const isNear = (value: number, other: number) => Math.abs(value - other) <= 1e-12 * (1 + Math.abs(other));
    for (const own of draws)
      for (const [coefficient, [first]] of posterior.draws)
        expect(
          own[coefficient].every((value: number, t: number) => isNear(value, first[t])),
          coefficient,
        ).toBe(true);
    const exact = Object.fromEntries([...posterior.draws].map(([coefficient, [first]]) => [coefficient, [...first]]));
    expect(draws[2]).toEqual(exact);
    expect(mean).toEqual([...(expected as { mean: Float64Array }).mean]);
  });
});
