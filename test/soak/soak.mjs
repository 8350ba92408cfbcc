// Fits, predictions and aborts in one process for an hour (or --minutes N): memory stays flat, and nothing is left open.
// Run by `npm run test:soak`, on the built library.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exportFit, fit, importFit, loadFit, predict, saveFit } from "../../dist/node.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const end = performance.now() + 60_000 * Number(values.minutes);
const folder = mkdtempSync(join(tmpdir(), "soak-"));
const temporaries = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`ornstein-${process.pid}-`));

/** Uniform on [0, 1): Mulberry32, so that a run can be made again. */
let state = Number(values.seed);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const among = (list) => list[Math.floor(random() * list.length)];

const families = ["gaussian", "student-t", "bernoulli", "poisson", "negative-binomial", "categorical"];
const samplers = ["auto", "control-variate", "laplace", "constant-sgd", "sgld", "iasg", "nuts", "mean-field"];

function table(family) {
  const rows = 100 + Math.floor(random() * 2000);
  const x = Array.from({ length: rows }, () => random() * 4 - 2);
  const g = x.map(() => among(["a", "b", "c"]));
  const y = x.map((value, n) => {
    const eta = 0.5 * value + (g[n] === "b" ? 0.4 : 0);
    if (family === "bernoulli") return random() < 1 / (1 + Math.exp(-eta)) ? "yes" : "no";
    if (family === "categorical") return among(eta > 0 ? ["u", "v", "w", "w"] : ["u", "u", "v", "w"]);
    if (family === "gaussian" || family === "student-t") return eta + random() + random() + random();
    return Math.floor(-Math.log(1 - random()) * Math.exp(eta));
  });
  return { x, g, y };
}

/** One fit, which may be aborted at a random moment, and what may follow it. */
async function once() {
  const family = among(families);
  const data = table(family);
  const controller = new AbortController();
  const timer = random() < 0.3 ? setTimeout(() => controller.abort(), random() * 400) : undefined;
  const options = { family, sampler: among(samplers), draws: 50, threads: among([1, 2]), signal: controller.signal };
  const path = join(folder, "rows.csv");
  const fromFile = random() < 0.4;
  if (fromFile) writeFileSync(path, ["x,g,y", ...data.x.map((x, n) => [x, data.g[n], data.y[n]].join())].join("\n"));
  try {
    const posterior = await fit({ ...(fromFile ? { path } : { data }), formula: "y ~ x + g" }, options);
    await predict(posterior, fromFile ? { path } : data, { signal: controller.signal });
    if (random() < 0.2) await predict(importFit(exportFit(posterior)), data);
    if (random() < 0.2) {
      await saveFit(posterior, join(folder, "fit.nc"));
      await predict(await loadFit(join(folder, "fit.nc")), data);
    }
    return "done";
  } catch (error) {
    if (controller.signal.aborted) return "aborted";
    if (error.name === "InputError") return "refused";
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function measure() {
  globalThis.gc();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { megabytes: (heapUsed + external + arrayBuffers) / 1e6, rss: rss / 1e6 };
}

const counts = { done: 0, aborted: 0, refused: 0 };
const measured = [];
// What is kept once, such as compiled kernels, is there after some runs.
for (let run = 0; run < 20; run++) counts[await once()]++;
const resources = process.getActiveResourcesInfo().length;
const every = Math.min(60_000, (60_000 * Number(values.minutes)) / 20);
let next = performance.now();
while (performance.now() < end) {
  counts[await once()]++;
  if (performance.now() < next) continue;
  next += every;
  measured.push(measure());
  const { megabytes, rss } = measured.at(-1);
  console.log(`${JSON.stringify(counts)}  ${megabytes.toFixed(1)} MB held, ${rss.toFixed(0)} MB resident`);
}
rmSync(folder, { recursive: true, force: true });
await new Promise((resolve) => setTimeout(resolve, 1000));

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const quarter = Math.max(1, measured.length >> 2);
const faults = [];
for (const what of ["megabytes", "rss"]) {
  const early = median(measured.slice(quarter, 2 * quarter).map((m) => m[what]));
  const late = median(measured.slice(-quarter).map((m) => m[what]));
  if (late > 1.1 * early + 20) faults.push(`${what} rose from ${early.toFixed(0)} to ${late.toFixed(0)} MB`);
}
const left = process.getActiveResourcesInfo();
if (left.length > resources) faults.push(`open at the end: ${left.join(", ")}; after the first runs ${resources}`);
if (temporaries().length > 0) faults.push(`temporary files: ${temporaries().join(", ")}`);
console.log(
  faults.length === 0
    ? `soak: ${JSON.stringify(counts)}, memory flat, nothing left open`
    : `soak: ${faults.join("; ")}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
