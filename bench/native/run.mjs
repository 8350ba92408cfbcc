// Our kernels beside loops in C++ that are tuned by hand, the same as one writes them, and numpy with OpenBLAS: in turns, round after round,
// on one core. Run `npm run build:kernels`, then `node bench/native/run.mjs [--small] [--rounds 7] [--only chains,passes,sparse,softmax,dense]`;
// `--small` leaves out the 2 GB matrices, and `--sizes 200,500` takes other dense ones. Needs g++ and, for softmax and dense, Python with numpy (`PYTHON` names the interpreter).
// Times are those that a process had the core for; medians over the rounds, ratios round by round. What was measured stands in results.md.
import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { startLoops, startNumpy } from "./peers.mjs";
import { createBench, createChain, createPasses, median, time, writeModel, writeSparse } from "./setup.mjs";

const { values: options } = parseArgs({
  options: {
    small: { type: "boolean" },
    rounds: { type: "string", default: "7" },
    only: { type: "string", default: "chains,passes,sparse,softmax,dense" },
    sizes: { type: "string", default: "200,500,1000,2000" },
  },
});
const rounds = Number(options.rounds);
// The peers inherit the core.
spawnSync("taskset", ["-cp", "0", String(process.pid)]);

const goals = [];
const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
const short = (value) => value.toPrecision(3);

/**
 * Runs the two in turns. `ours` and `theirs` resolve with times; returns the medians and the median, least and largest ratio.
 * Once each before it counts: code is compiled then, and memory is touched.
 */
async function compare(ours, theirs) {
  await ours();
  await theirs();
  const pairs = [];
  for (let round = 0; round < rounds; round++) pairs.push([await ours(), await theirs()]);
  const ratios = pairs.map(([a, b]) => a / b).sort((a, b) => a - b);
  return {
    ours: median(pairs.map(([a]) => a)),
    theirs: median(pairs.map(([, b]) => b)),
    ratio: median(ratios),
    spread: `${short(ratios[0])}–${short(ratios.at(-1))}`,
  };
}

function report(name, unit, { ours, theirs, ratio, spread }) {
  console.log(
    `${name}: ours ${short(ours)} ${unit}, theirs ${short(theirs)} ${unit}, ratio ${short(ratio)} (${spread})`,
  );
}

function hold(name, value, most) {
  goals.push(`${value <= most ? "met   " : "MISSED"} ${name}: ${short(value)}, goal at most ${most}`);
}

async function chains(loops) {
  const sizes = options.small ? ["cache"] : ["cache", "2 GB"];
  const tuned = { cache: [], "2 GB": [] };
  const plain = [];
  for (const numColumns of [8, 32, 128, 512])
    for (const size of sizes) {
      const stride = Math.ceil((numColumns + 1) / 16) * 16;
      const numRows = size === "cache" ? 100_000 : Math.floor(2e9 / (4 * stride));
      await loops.ask(`rows ${numRows} ${numColumns}`);
      const bench = createBench();
      const model = writeModel(bench, numRows, numColumns);
      for (const batchSize of [1, 10, 100, 1000]) {
        const chain = createChain(bench, model, numColumns, batchSize);
        const steps = Math.ceil(8e6 / (8 + numColumns) / (batchSize === 1 ? 3 : batchSize));
        for (let call = 0; call < 20; call++) bench.kernels.runChain(chain, Math.ceil(steps / 10));
        const ours = () => time(() => bench.kernels.runChain(chain, steps)) / (steps * batchSize);
        const name = `logistic D=${numColumns} S=${batchSize} ${size}`;
        const beside = await compare(ours, () => loops.ask(`tuned ${batchSize} ${steps}`));
        report(`${name}, tuned C++`, "ns", beside);
        tuned[size].push(beside.ratio);
        const besidePlain = await compare(ours, () => loops.ask(`plain ${batchSize} ${steps}`));
        report(`${name}, plain C++`, "ns", besidePlain);
        plain.push(besidePlain.ratio);
      }
    }
  hold("chains over tuned C++ in cache, geometric mean", geometricMean(tuned.cache), 1.4);
  if (!options.small) hold("chains over tuned C++ on 2 GB, geometric mean", geometricMean(tuned["2 GB"]), 1.15);
  hold("chains over plain C++, largest cell", Math.max(...plain), 1);
}

async function passes(loops) {
  const [numRows, numColumns] = [300_000, 31];
  await loops.ask(`rows ${numRows} ${numColumns}`);
  const bench = createBench();
  const tasks = createPasses(bench, writeModel(bench, numRows, numColumns), numRows, numColumns);
  for (const kind of ["none", "curvature", "squaredGradient"]) {
    for (let call = 0; call < 50; call++) tasks[kind](2000);
    const result = await compare(
      () => time(() => tasks[kind](numRows)) / numRows,
      () => loops.ask(kind),
    );
    report(`pass ${kind} D=${numColumns}`, "ns", result);
    hold(`pass ${kind} over blocked C++`, result.ratio, 1.3);
  }
}

async function sparse(loops) {
  const [numRows, perRow, levels] = [100_000, 5, 90];
  await loops.ask(`sparse ${numRows} ${perRow} ${levels}`);
  const bench = createBench();
  const { sparse: model } = writeSparse(bench, numRows, perRow, levels);
  for (const batchSize of [1, 10, 100, 1000]) {
    const chain = createChain(bench, model, perRow * levels, batchSize);
    const steps = Math.ceil((batchSize === 1 ? 2e4 : 2e5) / batchSize);
    for (let call = 0; call < 20; call++) bench.kernels.runChain(chain, Math.ceil(steps / 10));
    const ours = () => time(() => bench.kernels.runChain(chain, steps)) / (steps * batchSize);
    const result = await compare(ours, () => loops.ask(`csr ${batchSize} ${steps}`));
    report(`sparse D=${perRow * levels}, ${perRow} entries, S=${batchSize}`, "ns", result);
    hold(`sparse S=${batchSize} over CSR in C++`, result.ratio, 2);
  }
}

async function softmax(numpy) {
  const [numRows, numColumns, classes, batchSize] = [60_000, 784, 10, 100];
  const bench = createBench();
  const chain = createChain(bench, writeModel(bench, numRows, numColumns, classes), numColumns, batchSize);
  const steps = 60;
  for (let call = 0; call < 10; call++) bench.kernels.runChain(chain, steps);
  const result = await compare(
    () => time(() => bench.kernels.runChain(chain, steps)) / (steps * batchSize),
    () => numpy.ask(`softmax ${numRows} ${numColumns} ${classes} ${batchSize} ${steps}`),
  );
  report("softmax 784×10 S=100, numpy", "ns", result);
  hold("softmax over numpy", result.ratio, 1);
}

/** Dense linear algebra as the library calls it: matrices go to WebAssembly and back. */
async function dense(numpy) {
  const outfile = fileURLToPath(new URL("build/linalg.mjs", import.meta.url));
  const contents = ["cholesky", "matrix", "symmetric-eigen"].map((file) => `export * from "./${file}.ts";`).join("\n");
  const resolveDir = fileURLToPath(new URL("../../src/linalg", import.meta.url));
  await mkdir(new URL("build/", import.meta.url), { recursive: true });
  const shared = { bundle: true, format: "esm", platform: "node", packages: "external", logLevel: "warning" };
  await build({ ...shared, stdin: { contents, resolveDir, loader: "ts" }, outfile });
  const linalg = await import(outfile);
  for (const size of options.sizes.split(",").map(Number)) {
    const b = linalg.matrix(
      size,
      size,
      Float64Array.from({ length: size * size }, (_, k) => Math.sin(k * k + 1)),
    );
    const a = linalg.add(linalg.multiply(b, linalg.transpose(b)), linalg.identity(size, size));
    const tasks = {
      product: () => linalg.multiply(a, b),
      cholesky: () => linalg.cholesky(a),
      inverse: () => linalg.invertPositiveDefinite(a),
      eigen: () => linalg.symmetricEigen(a),
    };
    for (const [name, task] of Object.entries(tasks)) {
      const result = await compare(
        () => time(task) / 1e6,
        async () => (await numpy.ask(`${name} ${size}`)) / 1e6,
      );
      report(`${name} of ${size} × ${size}, numpy`, "ms", result);
      hold(`${name} of ${size} × ${size} over OpenBLAS`, result.ratio, 3);
    }
  }
}

const chosen = options.only.split(",");
const loops = await startLoops();
const numpy = startNumpy();
try {
  if (chosen.includes("chains")) await chains(loops);
  if (chosen.includes("passes")) await passes(loops);
  if (chosen.includes("sparse")) await sparse(loops);
  if (!numpy) console.log("no numpy: softmax and dense are left out");
  if (numpy && chosen.includes("softmax")) await softmax(numpy);
  if (numpy && chosen.includes("dense")) await dense(numpy);
  console.log(`\n${goals.join("\n")}`);
} finally {
  loops.close();
  numpy?.close();
}
