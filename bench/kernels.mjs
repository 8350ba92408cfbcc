// Nanoseconds per row visited by the kernels. Run `npm run build:kernels` and then
// `node bench/kernels.mjs [--small] [--passes | --softmax]`; results are kept in bench/kernels.md. The kernels are read from the
// generated module's text, so that nothing else has to be built.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

const flag = { type: "boolean" };
const { values: options } = parseArgs({ options: { small: flag, passes: flag, softmax: flag } });
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
  const outputs = classes ?? 1;
  const model = allocate(14 * 8);
  const prior = allocate(numColumns * outputs * 8);
  const family = classes ? 2 : 1;
  const slots = [rows, numRows, numColumns, paddedColumns, stride, family, 0, 0, prior, prior, 0, 0, outputs, 0];
  for (const [slot, value] of slots.entries()) setU32(model, slot, value);
  return { model, paddedColumns, outputs };
}

/** A chain of plain minibatch SGD with a scalar step: no noise, no moments, hardly any draws. */
function createChain(bench, { model, paddedColumns, outputs }, numColumns, batchSize) {
  const { memory, allocate, setU32, f64 } = bench;
  const chain = allocate(34 * 8);
  const vector = () => allocate(numColumns * outputs * 8);
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
  slots[22] = allocate(bench.kernels.chainScratchSize(paddedColumns, outputs));
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
  const output = bench.allocate((3 + 2 * numColumns + numColumns ** 2) * 8);
  const scratch = bench.allocate(4096 + 288 * (paddedColumns + 8) + 8 * paddedColumns ** 2 + 512);
  const values = [0, 1].map(() => bench.allocate(4 * numRows));
  const pass = bench.allocate(11 * 8);
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

if (options.softmax) {
  benchSoftmax();
} else {
  if (!options.passes) {
    benchChains();
    benchSoftmax();
  }
  benchPasses();
}
