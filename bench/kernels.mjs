// Nanoseconds per row visited by the kernels. Run `npm run build:kernels` and then
// `node bench/kernels.mjs [--small] [--passes | --softmax | --sparse]`; results are kept in bench/kernels.md. How they compare with loops in
// C++ and with numpy, `node bench/native/run.mjs` tells.
import { parseArgs } from "node:util";
import { createBench, createChain, createPasses, median, time, writeModel, writeSparse } from "./native/setup.mjs";

const flag = { type: "boolean" };
const { values: options } = parseArgs({ options: { small: flag, passes: flag, softmax: flag, sparse: flag } });
const rounds = 7;

function benchChains() {
  for (const numColumns of [8, 32, 128, 512]) {
    const stride = Math.ceil((numColumns + 1) / 8) * 8;
    const sizes = options.small ? [100_000] : [100_000, Math.floor(2e9 / (4 * stride))];
    for (const numRows of sizes) {
      const bench = createBench();
      const model = writeModel(bench, numRows, numColumns);
      const cells = [1, 100].map((batchSize) => {
        const chain = createChain(bench, model, numColumns, batchSize);
        const steps = Math.ceil(4e6 / (8 + numColumns) / (batchSize === 1 ? 3 : batchSize));
        for (let call = 0; call < 40; call++) bench.kernels.runChain(chain, Math.ceil(steps / 20));
        return { batchSize, chain, steps, times: [] };
      });
      for (let round = 0; round < rounds; round++) {
        for (const { batchSize, chain, steps, times } of cells) {
          times.push(time(() => bench.kernels.runChain(chain, steps)) / (steps * batchSize));
        }
      }
      for (const { batchSize, times } of cells) {
        console.log(`runChain D=${numColumns} S=${batchSize} N=${numRows}: ${median(times).toFixed(1)} ns a row`);
      }
    }
  }
}

function benchSoftmax() {
  const [numRows, numColumns, classes] = [60_000, 784, 10];
  const bench = createBench();
  const model = writeModel(bench, numRows, numColumns, classes);
  for (const batchSize of [1, 100]) {
    const chain = createChain(bench, model, numColumns, batchSize);
    const steps = Math.ceil(6000 / batchSize);
    for (let call = 0; call < 10; call++) bench.kernels.runChain(chain, steps);
    const times = Array.from(
      { length: rounds },
      () => time(() => bench.kernels.runChain(chain, steps)) / (steps * batchSize),
    );
    console.log(
      `softmax D=${numColumns} K=${classes} S=${batchSize} N=${numRows}: ${median(times).toFixed(0)} ns a row`,
    );
  }
}

function benchPasses() {
  const numRows = 3_000_000;
  const numColumns = 31;
  const bench = createBench();
  const tasks = createPasses(bench, writeModel(bench, numRows, numColumns), numRows, numColumns);
  for (const [name, task] of Object.entries(tasks)) {
    for (let call = 0; call < 50; call++) task(2000);
    const nanoseconds = median(Array.from({ length: 5 }, () => time(() => task(numRows))));
    console.log(
      `${name} N=3e6 D=31: ${(nanoseconds / 1e6).toFixed(0)} ms, ${(nanoseconds / numRows).toFixed(1)} ns a row`,
    );
  }
}

/**
 * The same rows both ways: five categoricals of 90 levels each, D = 450 with five entries a row, standardised. A step of SGD,
 * a pass, and a pass with the Hessian.
 */
function benchSparse() {
  const [numRows, perRow, levels] = [100_000, 5, 90];
  const numColumns = perRow * levels;
  const bench = createBench();
  const { allocate, setU32 } = bench;
  const { dense, sparse } = writeSparse(bench, numRows, perRow, levels);
  const output = allocate((2 + numColumns + numColumns ** 2) * 8);
  const position = allocate(numColumns * 8);
  const passOf = ({ model }, weights) => {
    const pass = allocate(12 * 8);
    const scratch = allocate(bench.kernels.densePassScratchBytes(sparse.paddedColumns, 1, 1, 0));
    for (const [slot, value] of [model, position, position, weights, 0, numRows, 1, 0, 0, output, scratch].entries())
      setU32(pass, slot, value);
    return () => bench.kernels.passRows(pass, 0);
  };
  const chainOf = (model, batchSize) => {
    const chain = createChain(bench, model, numColumns, batchSize);
    return () => bench.kernels.runChain(chain, 20_000 / batchSize);
  };
  const cases = {
    "step, S = 1": [(model) => chainOf(model, 1), 20_000],
    "step, S = 100": [(model) => chainOf(model, 100), 20_000],
    "step, S = 1000": [(model) => chainOf(model, 1000), 20_000],
    "loss and gradient": [(model) => passOf(model, 0), numRows],
    "with the Hessian": [(model) => passOf(model, 1), numRows],
  };
  for (const [name, [make, rows]] of Object.entries(cases)) {
    const runs = [dense, sparse].map((model) => ({ run: make(model), times: [] }));
    for (const { run } of runs) for (let call = 0; call < 3; call++) run();
    for (let round = 0; round < rounds; round++) for (const { run, times } of runs) times.push(time(run) / rows);
    const [full, few] = runs.map(({ times }) => median(times));
    console.log(
      `sparse D=${numColumns}, ${perRow} entries, ${name}: dense ${full.toFixed(1)} ns a row, sparse ${few.toFixed(1)}, ratio ${(full / few).toFixed(1)}`,
    );
  }
}

if (options.sparse) {
  benchSparse();
} else if (options.softmax) {
  benchSoftmax();
} else {
  if (!options.passes) {
    benchChains();
    benchSoftmax();
    benchSparse();
  }
  benchPasses();
}
