import { numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as index from "./index.ts";
import { fromJax } from "./jax.ts";
import * as node from "./node.ts";
import { fromTfjs } from "./tfjs.ts";

// Every exported function, given what a caller without types may give in place of each argument, and of each part of one:
// an InputError of one sentence, or a result; never an error of the language's own.

const junk: readonly unknown[] = [
  ...[undefined, null, 0, -1, 2.5, Number.NaN, "", "no/folder", true, 5n, Symbol("s"), () => {}],
  ...[[], {}, [null], [undefined], [1, "a"], [[]], [{}], [[1], "a"], { a: 1 }, { x: null, y: 3 }, { x: [1], y: [[1]] }],
  ...[new Map(), new Date(0), new Float64Array(0), new Uint8Array(40), new ArrayBuffer(8), /a/],
];

const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
const short = { draws: 20, chains: 2, sampler: "laplace" };
let posterior: index.Posterior;
let comparison: index.Comparison;
let model: index.CustomModel;
let bytes: Uint8Array;
beforeAll(async () => {
  posterior = await index.fit({ data, formula: "y ~ x" }, short);
  comparison = await index.compare({ data, formula: "y ~ x" }, { draws: 20, chains: 2, samplers: ["laplace"] });
  bytes = index.exportFit(posterior);
  model = index.customModel(modelOptions);
});
const modelOptions = {
  dimension: 1,
  numRows: 3,
  lossAndGradient: ([t]: Float64Array) => ({ loss: (t * t) / 2, gradient: [t] }),
};
/** Calls that take long where they are fine, as with the default of what is left out: fewer things stand in. */
const slow = new Set(["compare", "fit of a query", "predict of ornstein/node", "effects of ornstein/node", "saveFit"]);
const rowsArrays = { x: { values: Float32Array.of(1, 2), shape: [2] } };

/** The arguments of a call that works, of which every part is replaced in turn. */
const calls: Record<string, { run: (...args: never[]) => unknown; args: () => unknown[] }> = {
  "fit of a table": { run: index.fit, args: () => [{ data, formula: "y ~ x" }, short] },
  "fit of rows": {
    run: index.fit,
    args: () => [
      {
        data: [
          { x: 1, y: 1 },
          { x: 2, y: 3 },
          { x: 3, y: 2 },
        ],
        formula: "y ~ x",
      },
      short,
    ],
  },
  "fit of arrays": {
    run: index.fit,
    args: () => [
      { x: [[1], [2], [4]], y: [1, 2, 3], names: ["a"], intercept: true, offset: [0, 0, 1], weights: [1, 1, 1] },
      short,
    ],
  },
  "fit of sparse arrays": {
    run: index.fit,
    args: () => [
      { sparse: { indptr: [0, 1, 1, 2], indices: [0, 0], values: [1, 2], columns: 1 }, y: [1, 2, 3] },
      short,
    ],
  },
  "fit of ornstein/node": {
    run: node.fit,
    args: () => [
      { data, formula: "y ~ x" },
      { ...short, threads: 1 },
    ],
  },
  "fit of a query": {
    run: node.fit,
    args: () => [
      { path: "package.json", sql: "select range as x, (range * 7) % 5 as y from range(20)", formula: "y ~ x" },
      { ...short, threads: 1 },
    ],
  },
  compare: {
    run: index.compare,
    args: () => [
      { data, formula: "y ~ x" },
      { draws: 20, chains: 2, samplers: ["laplace"], timeLimit: 60 },
    ],
  },
  predict: {
    run: index.predict,
    args: () => [
      posterior,
      { x: [1, 2] },
      { interval: 0.9, draws: 1, posteriorDraws: 10, seed: 1, unknownLevels: "error" },
    ],
  },
  "predict of ornstein/node": {
    run: node.predict,
    args: () => [posterior, { sql: "select 1 as x" }, { interval: 0.9 }],
  },
  "predict of rows of numbers": { run: index.predict, args: () => [posterior, [[1], [2]]] },
  "posterior.predict": {
    run: (rows, options) => posterior.predict(rows, options),
    args: () => [{ x: [1] }, { draws: 1 }],
  },
  effects: {
    run: index.effects,
    args: () => [
      posterior,
      { of: "x", at: { x: [1, 2] }, contrast: "2 - 1", hypothesis: ["x > 0"], interval: 0.9, rows: "all", seed: 1 },
      { x: [1, 2], g: ["a", "b"] },
    ],
  },
  "effects by groups": {
    run: index.effects,
    args: () => [posterior, { of: "x", by: ["g"], kind: "slopes", posteriorDraws: 10 }, { x: [1, 2], g: ["a", "b"] }],
  },
  "effects of ornstein/node": {
    run: node.effects,
    args: () => [posterior, { of: "x" }, { sql: "select 1 as x" }],
  },
  "posterior.effects": {
    run: (options, rows) => posterior.effects(options, rows),
    args: () => [{ at: "x=1" }, { x: [1] }],
  },
  predictStream: { run: index.predictStream, args: () => [posterior, index.tableFromColumns(data), {}] },
  customModel: {
    run: index.customModel,
    args: () => [{ ...modelOptions, prior: { mean: 0, sd: 1 }, names: ["a"], start: [0] }],
  },
  "customModel with priors": {
    run: index.customModel,
    args: () => [{ ...modelOptions, prior: [{ mean: 0, sd: 1 }], hessian: () => [1], rowGradients: () => [1] }],
  },
  sampleModel: {
    run: index.sampleModel,
    args: () => [model, { draws: 20, chains: 2, sampler: "laplace", findMode: true, checkGradient: false }],
  },
  tableFromColumns: { run: index.tableFromColumns, args: () => [data] },
  tableFromRows: { run: index.tableFromRows, args: () => [[{ x: 1 }, { x: 2 }]] },
  exportFit: { run: index.exportFit, args: () => [posterior, { version: "1", command: "c" }] },
  importFit: { run: index.importFit, args: () => [bytes] },
  posteriorToJson: { run: index.posteriorToJson, args: () => [posterior, { version: "1" }] },
  comparisonToJson: { run: index.comparisonToJson, args: () => [comparison, { version: "1", command: "c" }] },
  predictionToJson: {
    run: index.predictionToJson,
    args: () => [posterior, { rows: 1, missingRows: 0, warnings: [] }, { version: "1", command: "c" }],
  },
  effectsToJson: {
    run: index.effectsToJson,
    args: () => [
      posterior,
      { scale: "response", interval: 0.9, draws: 1, effects: [], hypotheses: [], warnings: [] },
      { version: "1", command: "c" },
    ],
  },
  reliabilityTable: {
    run: index.reliabilityTable,
    args: () => [
      { probabilities: [0.1, 0.9, 0.4, 0.6], labels: [1, 0] },
      { bins: 5, event: true },
    ],
  },
  brierScore: { run: index.brierScore, args: () => [{ probabilities: [0.1, 0.9], labels: [1] }] },
  logScore: { run: index.logScore, args: () => [{ probabilities: [0.1, 0.9], labels: [1] }] },
  expectedCalibrationError: {
    run: index.expectedCalibrationError,
    args: () => [index.reliabilityTable({ probabilities: [0.1, 0.9], labels: [1] })],
  },
  summaryStatistics: {
    run: index.summaryStatistics,
    args: () => [[Float64Array.of(1, 2, 3, 4)], { hdiProbability: 0.9 }],
  },
  openTable: { run: node.openTable, args: () => [{ path: "package.json", sql: "select 1 as x" }] },
  loadFit: { run: node.loadFit, args: () => ["package.json"] },
  saveFit: { run: node.saveFit, args: () => [posterior, "/nowhere/at/all.nc", { version: "1" }] },
  fromJax: {
    run: fromJax as never,
    args: () => [{ parameters: { a: np.zeros([1]) }, data: rowsArrays, loss: () => np.zeros([]) }],
  },
  fromTfjs: {
    run: fromTfjs as never,
    args: () => [{ parameters: { a: { shape: [1], dataSync: () => [1] } }, data: rowsArrays, loss: () => null }],
  },
};

/** The parts of a value that are named in an object a caller writes, two deep. */
function* partsOf(value: unknown, depth = 2): Generator<readonly (string | number)[]> {
  yield [];
  if (
    depth === 0 ||
    value === null ||
    typeof value !== "object" ||
    value === posterior ||
    value === model ||
    value === comparison
  )
    return;
  if (ArrayBuffer.isView(value) || !(Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)) return;
  for (const key of Object.keys(value))
    for (const rest of partsOf((value as Record<string, unknown>)[key], depth - 1)) yield [key, ...rest];
}

function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  (copy as Record<string, unknown>)[key] = replaced((copy as Record<string, unknown>)[key], rest, by);
  return copy;
}

const unhandled: unknown[] = [];
const listen = (error: unknown) => unhandled.push(error);
process.on("unhandledRejection", listen);
afterAll(() => void process.off("unhandledRejection", listen));

describe("nothing but sentences, whatever an argument is", () => {
  it.each(Object.keys(calls))(
    "%s",
    async (name) => {
      const { run, args } = calls[name];
      const good = args();
      const wrong: string[] = [];
      const attempt = async (what: string, given: unknown[]) => {
        try {
          const result = await (run as (...all: unknown[]) => unknown)(...given);
          await (result as { close?: () => Promise<void> } | undefined)?.close?.();
        } catch (error) {
          const { name: kind, message } = error as Error;
          // Of one sentence: a formula's mistake has the formula and a caret below it.
          if (kind !== "InputError" || !/[.?]$/.test(message.split("\n")[0]))
            wrong.push(`${what}: ${kind}: ${message}`);
        }
      };
      await attempt("no argument", []);
      for (let i = 0; i < good.length; i++)
        for (const path of partsOf(good[i]))
          for (const value of slow.has(name) ? junk.slice(1, 13) : junk) {
            const given = good.map((argument, k) => (k === i ? replaced(argument, path, value) : argument));
            await attempt(`argument ${[i + 1, ...path].join(".")} = ${describeValue(value)}`, given);
          }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

  it("nothing is thrown where nobody hears it", () => expect(unhandled).toEqual([]));
});

function describeValue(value: unknown): string {
  if (typeof value === "object" && value !== null) return `${value.constructor.name} ${JSON.stringify(value)}`;
  return String(value);
}

describe("sentences", () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "no input",
      () => (index.fit as () => unknown)(),
      /^The input is missing: give \{ data, formula \}, \{ x, y \}, or \{ sparse, y \} as the first argument\.$/,
    ],
    ["no formula", () => index.fit({ data } as never), /^The formula is missing: give a text such as "y ~ x"\.$/],
    [
      "no data",
      () => index.fit({ formula: "y ~ x" } as never),
      /^The data is missing: give an object with an array for each column, or an array of rows\.$/,
    ],
    [
      "no rows",
      () => index.fit({ data: [], formula: "y ~ x" }),
      /^There are no rows in the data: it is an empty array/,
    ],
    ["no rows to predict", () => posterior.predict([]), /^There are no rows in the data/],
    ["nothing to predict", () => (posterior.predict as () => unknown)(), /^The data is missing/],
    [
      "a row that is null",
      () => index.fit({ data: [{ x: 1, y: 1 }, null] as never, formula: "y ~ x" }),
      /^Row 2 of the data is null: give an object/,
    ],
    [
      "a column that is a number",
      () => index.fit({ data: { x: 1, y: [1] }, formula: "y ~ x" }),
      /^Column "x" is the number 1: give an array of its values\.$/,
    ],
    [
      "a file in a page",
      () => index.fit({ path: "a.csv", formula: "y ~ x" } as never),
      /read by fit of ornstein\/node/,
    ],
    ["an empty table to open", () => node.openTable({}), /^There is no data; name a file/],
    [
      "an option of a prediction that does not exist",
      () => posterior.predict({ x: [1] }, { intervall: 0.5 } as never),
      /no option intervall; did you mean interval/,
    ],
    [
      "an unknown policy",
      () => posterior.predict({ x: [1] }, { unknownLevels: "ignore" as never }),
      /unknownLevels cannot be "ignore": it takes "error" or "reference"/,
    ],
    ["half a thread", () => node.fit({ data, formula: "y ~ x" }, { threads: 0.5 }), /threads cannot be 0\.5/],
    [
      "a seed that is infinite",
      () => index.fit({ data, formula: "y ~ x" }, { seed: Infinity }),
      /seed cannot be Infinity/,
    ],
    ["a model that customModel has not seen", () => index.sampleModel(modelOptions as never), /none of customModel's/],
    [
      "a label beyond the classes",
      () => index.logScore({ probabilities: [0.5, 0.5], labels: [2] }),
      /^Label 1 is 2; labels are the numbers of classes, 0 to 1\.$/,
    ],
  ])("%s", async (_, run, message) => {
    await expect((async () => run())()).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringMatching(message),
    });
  });
});
