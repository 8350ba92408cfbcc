// The kernels on rows that are made for the purpose, for bench/kernels.mjs and bench/native/run.mjs. They are read from the generated
// module's text, so that nothing else has to be built.
import { readFile } from "node:fs/promises";
import { inflateRawSync } from "node:zlib";

const source = await readFile(new URL("../../src/engine/kernels.generated.ts", import.meta.url), "utf8");
const wasm = inflateRawSync(Buffer.from(source.match(/deflatedKernels =\s*"([^"]+)"/)[1], "base64"));
const module = await WebAssembly.compile(wasm);

/** A fresh memory, with the kernels over it and a bump allocator. */
export function createBench() {
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
export function writeModel(bench, numRows, numColumns, classes) {
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
  const model = allocate(23 * 8);
  const prior = allocate(numColumns * numPredictors * 8);
  const family = classes ? 2 : 1;
  const slots = [rows, numRows, numColumns, paddedColumns, stride, family, 0, 0, prior, prior, 0, 0, numPredictors, 0];
  for (const [slot, value] of slots.entries()) setU32(model, slot, value);
  // The rows that the prior is shared out among.
  setU32(model, 22, numRows);
  return { model, paddedColumns, numPredictors };
}

/** A chain of plain minibatch SGD with a scalar step: no noise, no moments, hardly any draws. */
export function createChain(bench, { model, paddedColumns, numPredictors }, numColumns, batchSize) {
  const { memory, allocate, setU32, f64 } = bench;
  const chain = allocate(41 * 8);
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

/** Tasks over rows `0 … to − 1` of a model with D columns: a pass with no Gram matrix, with the Hessian, with squared gradients; influences. */
export function createPasses(bench, { model, paddedColumns }, numRows, numColumns) {
  const { allocate, setU32, kernels } = bench;
  const position = allocate(numColumns * 8);
  const factor = allocate(numColumns ** 2 * 8);
  const output = allocate((2 + numColumns + numColumns ** 2) * 8);
  const scratch = allocate(
    Math.max(kernels.densePassScratchBytes(paddedColumns, 1, 1, 0), kernels.influenceScratchBytes(paddedColumns, 1)),
  );
  const values = [0, 1].map(() => allocate(4 * numRows));
  const pass = allocate(12 * 8);
  const write = (slots) => {
    for (const [slot, value] of slots.entries()) setU32(pass, slot, value);
  };
  const run = (gram, to) => {
    write([model, position, position, gram, 0, to, 1, 0, values[0], output, scratch, 0]);
    kernels.passRows(pass, 0);
  };
  return {
    none: (to) => run(0, to),
    curvature: (to) => run(1, to),
    squaredGradient: (to) => run(2, to),
    influence: (to) => {
      write([model, position, factor, 0, to, ...values, scratch]);
      kernels.influenceRows(pass, 0);
    },
  };
}

/** The same rows twice, dense and sparse: `perRow` categoricals of `levels` levels each, one entry for each, columns standardised. */
export function writeSparse(bench, numRows, perRow, levels) {
  const numColumns = perRow * levels;
  const [mean, scale] = [1 / levels, Math.sqrt((1 / levels) * (1 - 1 / levels))];
  const { memory, allocate, setU32, f64 } = bench;
  const dense = writeModel(bench, numRows, numColumns);
  const stride = Math.ceil((numColumns + 1) / 8) * 8;
  const rows = new Uint32Array(memory.buffer, dense.model, 1)[0];
  const values = new Float32Array(memory.buffer, rows, numRows * stride);
  const targets = Float32Array.from({ length: numRows }, (_, n) => values[n * stride + stride - 1]);
  // What follows may grow the memory, and `values` is gone then.
  const starts = allocate(4 * numRows);
  const records = allocate(numRows * (16 + 8 * perRow));
  const shift = allocate(8 * numColumns);
  f64(shift, numColumns).fill(mean / scale);
  let state = 1;
  for (let n = 0; n < numRows; n++) {
    const record = records + n * (16 + 8 * perRow);
    const words = new Uint32Array(memory.buffer, record, 4 + 2 * perRow);
    const floats = new Float32Array(memory.buffer, record, 4 + 2 * perRow);
    const row = new Float32Array(memory.buffer, rows + 4 * n * stride, numColumns).fill(-mean / scale);
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
  const sparse = { ...dense, paddedColumns, model: allocate(23 * 8) };
  new Uint8Array(memory.buffer, sparse.model, 23 * 8).set(new Uint8Array(memory.buffer, dense.model, 23 * 8));
  for (const [slot, value] of [
    [3, paddedColumns],
    [4, 4 + 2 * perRow],
    [19, starts],
    [20, shift],
  ])
    setU32(sparse.model, slot, value);
  return { dense, sparse };
}

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Nanoseconds that this process has had the core while `run` went: those of other programs do not count. */
export function time(run) {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return 1e3 * (user + system);
}
