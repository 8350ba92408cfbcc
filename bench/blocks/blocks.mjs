// Fits of generated rows that memory is too small for: `npm run build`, then
//
//   node bench/blocks/blocks.mjs --rows 21e6 --kind flights --memory 300MB [--storage dense] [--folder FOLDER] [--keep]
//
// `flights` has an hour, a weekday and a distance, which come to 31 columns; `ten` has ten columns of numbers. The target is drawn
// from a logistic model whose coefficients are known. It prints, as JSON lines: the rows, the bytes of the source and of the blocks,
// the seconds of a pass over all rows beside those of reading the blocks alone (in turns, as both share the machine's disk and cache),
// the peak of the process's memory, and how far the estimates are from the true coefficients, in posterior sds. Results are kept in
// bench/blocks/results.md. The rows and the blocks are removed at the end, unless they are to be kept.
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generate, kindOf } from "../scaling/rows.mjs";

const { values: given } = parseArgs({
  options: {
    rows: { type: "string", default: "1e6" },
    kind: { type: "string", default: "flights" },
    memory: { type: "string", default: "1GiB" },
    storage: { type: "string", default: "auto" },
    folder: { type: "string", default: join(tmpdir(), "ornstein-bench-blocks") },
    keep: { type: "boolean", default: false },
    generate: { type: "boolean", default: false },
  },
});
const numRows = Number(given.rows);
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const kind = kindOf(given.kind);
mkdirSync(given.folder, { recursive: true });
const source = join(given.folder, `${given.kind}-${numRows}.parquet`);
const cache = join(given.folder, `cache-${given.kind}-${numRows}`);

/**
 * Seconds of reading all blocks, four at a time, and their bytes: in the order of a pass, which finds in the system's cache what it
 * would find. Backwards, a reading would begin with what is there still.
 */
async function readBlocks() {
  const [folder] = readdirSync(cache).map((name) => join(cache, name));
  const names = readdirSync(folder).filter((name) => name.endsWith(".block"));
  names.sort().reverse();
  const started = performance.now();
  let bytes = 0;
  const readers = Array.from({ length: 4 }, async () => {
    const buffer = Buffer.alloc(2 ** 23);
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const file = await open(join(folder, name), "r");
      for (let at = 0; ; ) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        bytes += bytesRead;
      }
      await file.close();
    }
  });
  await Promise.all(readers);
  return { seconds: (performance.now() - started) / 1000, bytes };
}

if (given.generate) {
  rmSync(source, { force: true });
  await generate(given.kind, numRows, source);
  process.exit(0);
}
// In a process of its own, so that its memory is not that of the fit.
const { spawnSync } = await import("node:child_process");
spawnSync(process.execPath, [...process.argv.slice(1), "--generate"], { stdio: "inherit" });
say({ rows: numRows, kind: given.kind, sourceBytes: statSync(source).size });

const { fit } = await import("../../dist/node.mjs");
const passes = [];
let last = { stage: "", done: 0, at: 0 };
const onProgress = (stage, _, { done, unit }) => {
  const now = performance.now();
  const isPass = stage === last.stage && unit === "rows" && done - last.done >= numRows;
  if (isPass && stage !== "reading") passes.push({ stage, seconds: (now - last.at) / 1000 });
  if (stage !== last.stage || done !== last.done) last = { stage, done: done ?? 0, at: now };
};
const options = { family: "bernoulli", memory: given.memory, storage: given.storage, cache, onProgress };
const { data, certificate, coefficients, timing, settings } = await fit(
  { path: source, formula: kind.formula },
  options,
);
const peak = process.resourceUsage().maxRSS / 1024;
say({ data, settings: settings.because, verdict: certificate.verdict, timing, peakMiB: Math.round(peak) });
for (const [name, value] of Object.entries(kind.truth)) {
  const { mean, sd } = coefficients.find((coefficient) => coefficient.name === name);
  say({ name, mean, sd, fromTruthInSds: Number(((mean - value) / sd).toFixed(2)) });
}
say({ passes: passes.map(({ stage, seconds }) => `${stage}: ${seconds.toFixed(2)} s`) });
for (let time = 0; time < 3; time++) say({ reading: await readBlocks() });
if (!given.keep) rmSync(given.folder, { recursive: true, force: true });
