// Nanoseconds per row visited by the kernels. Run `npm run build:kernels` and then
// `node bench/kernels.mjs [--small] [--passes | --softmax | --sparse]`; results are kept in bench/kernels.md. The kernels are read from the
// generated module's text, so that nothing else has to be built.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

const flag = { type: "boolean" };
const { values: options } = parseArgs({ options: { small: flag, passes: flag, softmax: flag, sparse: flag } });
const source = await readFile(new URL("../src/engine/kernels.generated.ts", import.meta.url), "utf8");
const wasm = Buffer.from(source.match(/plainKernels =\s*"([^"]+)"/)[1], "base64");
const module = await WebAssembly.compile(wasm);

/** A fresh memory, with the kernels over it and a bump allocator. */
function createBench() {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65_535 });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
  let top = 131_072;
  const allocate = (bytes) => {
    const address = Math.ceil(top / 64) * 64;
    top = address + bytes;
    const missing = Math.ceil((top - memory.buffer.byteLength) / 65_536);
    if (missing > 0) memory.grow(missing);
    return address;
  };
  const setU32 = (record, slot, value) => {
    new Uint32Array(memory.buffer, record + 8 * slot, 1)[0] = value;
  };
  const f64 = (address, length) => new Float64Array(memory.buffer, address, length);
  return { memory, kernels, allocate, setU32, f64 };
}

/** A logistic model of N rows: uniform features, balanced targets; or with `classes` a softmax over so many alike. */
function writeModel(bench, numRows, numColumns, classes) {
  const { memory, allocate, setU32 } = bench;
  const paddedColumns = Math.ceil(numColumns / 8) * 8;
  const stride = Math.ceil((numColumns + 1) / 8) * 8;
  const rows = allocate(numRows * stride * 4);
  const values = new Float32Array(memory.buffer, rows, numRows * stride);
  let state = 1;
  for (let n = 0, at = 0; n < numRows; n++, at += stride) {
    for (let j = 0; j < numColumns; j++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      values[at + j] = state * 2 ** -31;
    }
    values[at + stride - 1] = classes ? (state >>> 16) % classes : state & 65536 ? 1 : 0;
  }
  const numPredictors = classes ?? 1;
  const model = allocate(21 * 8);
  const prior = allocate(numColumns * numPredictors * 8);
  const family = classes ? 2 : 1;
  const slots = [rows, numRows, numColumns, paddedColumns, stride, family, 0, 0, prior, prior, 0, 0, numPredictors, 0];
  for (const [slot, value] of slots.entries()) setU32(model, slot, value);
  return { model, paddedColumns, numPredictors };
}

/** A chain of plain minibatch SGD with a scalar step: no noise, no moments, hardly any draws. */
function createChain(bench, { model, paddedColumns, numPredictors }, numColumns, batchSize) {
  const { memory, allocate, setU32, f64 } = bench;
  const chain = allocate(40 * 8);
  const vector = () => allocate(numColumns * numPredictors * 8);
  const step = allocate(8);
  f64(step, 1)[0] = 1e-3 / numColumns;
  const stream = allocate(64);
  new Uint32Array(memory.buffer, stream, 16).set(
    Uint32Array.from({ length: 16 }, (_, i) => Math.imul(i + 1, 0x9e3779b9)),
  );
  const slots = {
    0: model,
    2: batchSize,
    3: vector(),
    4: vector(),
    6: 1,
    7: step,
    10: stream,
    12: 1e9,
    14: 4,
    17: 1e9,
  };
  slots[22] = allocate(bench.kernels.chainScratchBytes(paddedColumns, numPredictors));
  for (const [slot, value] of Object.entries(slots)) setU32(chain, Number(slot), value);
  return chain;
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const rounds = 7;

function time(run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start);
}

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
  const { model, paddedColumns } = writeModel(bench, numRows, numColumns);
  const position = bench.allocate(numColumns * 8);
  const factor = bench.allocate(numColumns ** 2 * 8);
  const output = bench.allocate((2 + numColumns + numColumns ** 2) * 8);
  const scratch = bench.allocate(4096 + 288 * (paddedColumns + 8) + 8 * paddedColumns ** 2 + 512);
  const values = [0, 1].map(() => bench.allocate(4 * numRows));
  const pass = bench.allocate(12 * 8);
  const run = (weights, to) => {
    for (const [slot, value] of [
      model,
      position,
      position,
      weights,
      0,
      to,
      1,
      0,
      values[0],
      output,
      scratch,
    ].entries()) {
      bench.setU32(pass, slot, value);
    }
    bench.kernels.passRows(pass, 0);
  };
  const influence = (to) => {
    for (const [slot, value] of [model, position, factor, 0, to, ...values, scratch].entries())
      bench.setU32(pass, slot, value);
    bench.kernels.influenceRows(pass, 0);
  };
  const tasks = { none: (n) => run(0, n), curvature: (n) => run(1, n), squaredGradient: (n) => run(2, n), influence };
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
  const [mean, scale] = [1 / levels, Math.sqrt((1 / levels) * (1 - 1 / levels))];
  const bench = createBench();
  const { memory, allocate, setU32, f64 } = bench;
  const dense = writeModel(bench, numRows, numColumns);
  const stride = Math.ceil((numColumns + 1) / 8) * 8;
  const values = new Float32Array(memory.buffer, new Uint32Array(memory.buffer, dense.model, 1)[0], numRows * stride);
  const targets = Float32Array.from({ length: numRows }, (_, n) => values[n * stride + stride - 1]);
  const starts = allocate(4 * numRows);
  const records = allocate(numRows * (16 + 8 * perRow));
  const shift = allocate(8 * numColumns);
  f64(shift, numColumns).fill(mean / scale);
  let state = 1;
  for (let n = 0; n < numRows; n++) {
    const record = records + n * (16 + 8 * perRow);
    const words = new Uint32Array(memory.buffer, record, 4 + 2 * perRow);
    const floats = new Float32Array(memory.buffer, record, 4 + 2 * perRow);
    const row = new Float32Array(memory.buffer, values.byteOffset + 4 * n * stride, numColumns).fill(-mean / scale);
    words[0] = perRow;
    floats[1] = targets[n];
    for (let e = 0; e < perRow; e++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const column = e * levels + ((state >>> 8) % levels);
      words[4 + 2 * e] = column;
      floats[5 + 2 * e] = 1 / scale;
      row[column] = (1 - mean) / scale;
    }
    new Uint32Array(memory.buffer, starts, numRows)[n] = record;
  }
  const paddedColumns = Math.ceil((numColumns + 1) / 8) * 8;
  const sparse = { ...dense, paddedColumns, model: allocate(21 * 8) };
  new Uint8Array(memory.buffer, sparse.model, 21 * 8).set(new Uint8Array(memory.buffer, dense.model, 21 * 8));
  for (const [slot, value] of [
    [3, paddedColumns],
    [4, 4 + 2 * perRow],
    [19, starts],
    [20, shift],
  ])
    setU32(sparse.model, slot, value);
  const output = allocate((2 + numColumns + numColumns ** 2) * 8);
  const position = allocate(numColumns * 8);
  const passOf = ({ model }, weights) => {
    const pass = allocate(12 * 8);
    const scratch = allocate(bench.kernels.densePassScratchBytes(paddedColumns, 1, 1, 0));
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
