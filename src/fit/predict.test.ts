import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { buildDesign } from "../design/design.ts";
import type { FamilyName } from "../families/families.ts";
import { families } from "../families/families.ts";
import { parseFormula } from "../formula/formula.ts";
import type { PredictionColumns } from "../prediction/row-predictor.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { type ColumnData, tableFromColumns } from "../table/table.ts";
import type { TableSource } from "../table/table-source.ts";
import type { RunOptions } from "./fit.ts";
import { fit } from "./fit-inline.ts";
import type { Posterior } from "./posterior.ts";
import { predict } from "./predict.ts";

type Columns = Record<string, ColumnData>;

const random = createRandom(3, 0, 1);
const numRows = 300;
const days = ["Mon", "Tue", "Wed", "Thu"];
const x = Float64Array.from({ length: numRows }, () => random.normal());
const score = Float64Array.from(x, (value) => 0.4 * value + 0.3 * random.normal());
const table: Columns = {
  x,
  z: x.map(() => 0.1 + 4 * random.uniform()),
  code: x.map(() => Math.floor(3 * random.uniform()) + 1),
  day: Array.from(x, () => days[Math.floor(4 * random.uniform())]),
  open: Array.from(x, () => random.uniform() < 0.4),
  date: Array.from(x, (_, n) => new Date(Date.UTC(2020, 0, 1 + (n % 90)))),
  exposure: x.map(() => 1 + 9 * random.uniform()),
  fixed: x.map(() => 2),
  number: score.map((value) => 50 + 20 * value),
  count: score.map((value) => Math.floor(Math.exp(1 + value))),
  event: Array.from(score, (value) => (value > 0.1 ? "yes" : "no")),
  kind: Array.from(score, (value, n) => (value > 0.3 ? "c" : (n % 3) + value > 1 ? "b" : "a")),
};

const formulas: [FamilyName, string, RunOptions?][] = [
  ["gaussian", "number ~ x + log(z) + C(code) + day:x + open + date"],
  ["gaussian", "number ~ 0 + x + z + fixed"],
  ["gaussian", "number ~ day * open + x", { standardize: "none", sigma: 5 }],
  ["gaussian", "number ~ x + offset(z) + fixed", { sigma: 0.7 }],
  ["student-t", "number ~ x * z + I(z > 2)", { nu: 4 }],
  ["bernoulli", "event ~ x + day + I(z^2):open"],
  ["bernoulli", "number > 52 ~ 0 + day + x"],
  ["poisson", "count ~ x + offset(log(exposure)) + day:open"],
  ["negative-binomial", "count ~ x + C(code)", { dispersion: 0.4 }],
  ["categorical", "kind ~ x + day"],
  ["categorical", "kind ~ x + open", { classCoding: "symmetric" }],
];

/** E[y | x] of the rows that were fitted, from the design's own rows and every draw. */
async function meansOfDesign(posterior: Posterior, family: FamilyName, formula: string, options: RunOptions) {
  const { standardize } = options;
  const design = await buildDesign(tableFromColumns(table), parseFormula(formula), { family, standardize });
  const { columns, target, stride } = design;
  const draws = [...posterior.draws.values()].map((chains) => chains.flatMap((chain) => [...chain]));
  const size = columns.length;
  const numPredictors = family === "categorical" ? 3 - Number(options.classCoding !== "symmetric") : 1;
  const result = new Float64Array(numRows * 3);
  const out = new Float64Array(3);
  const learned = draws.slice(size * numPredictors);
  for (let s = 0; s < draws[0].length; s++) {
    const auxiliary = Float64Array.from(learned, (values) => values[s]);
    for (let n = 0; n < numRows; n++) {
      const eta = Array.from({ length: numPredictors }, (_, k) => {
        let sum = design.hasIntercept ? 0 : target.mean;
        if (design.hasOffset) sum += target.scale * design.rows[n * stride + stride - 2];
        columns.forEach((column, j) => {
          const scaled = column.scale * design.rows[n * stride + j];
          sum += draws[k * size + j][s] * (design.hasIntercept ? scaled + column.mean : scaled);
        });
        return sum;
      });
      if (family === "categorical" && numPredictors === 2) eta.unshift(0);
      families[family].predictive.meanInto(out, Float64Array.from(eta), auxiliary);
      for (let k = 0; k < 3; k++) result[3 * n + k] += out[k] / draws[0].length;
    }
  }
  return result;
}

describe.each(formulas.map(([family, formula, options = {}]) => ({ family, formula, options })))(
  "$family: $formula",
  ({ family, formula, options }) => {
    const run: RunOptions = { family, chains: 2, draws: 60, seed: 5, sampler: "laplace", ...options };
    let posterior: Posterior;
    beforeAll(async () => {
      posterior = await fit({ data: table, formula }, run);
    });

    it("predicts the fitted rows as the design and the draws do", async () => {
      const { columns } = await posterior.predict(table);
      const expected = await meansOfDesign(posterior, family, formula, options);
      const names = posterior.data.classes?.map((level) => `probability[${level}]`);
      for (let n = 0; n < numRows; n++) {
        if (names) {
          names.forEach((name, k) => {
            expect((columns[name] as Float64Array)[n]).toBeCloseTo(expected[3 * n + k], 5);
          });
        } else {
          const mean = (columns.mean ?? columns.probability) as Float64Array;
          // The design holds single precision.
          expect(Math.abs(mean[n] - expected[3 * n]) / (1 + Math.abs(expected[3 * n]))).toBeLessThan(3e-6);
        }
      }
    });

    it("predicts the same whatever the chunks, from a recipe that went through JSON", async () => {
      const whole = await posterior.predict(table, { draws: 2 });
      const saved = { draws: posterior.draws, recipe: JSON.parse(JSON.stringify(posterior.recipe)) };
      expect(await predict(saved, inChunks(table, 7), { draws: 2 })).toEqual(whole);
    });

    it("predicts a row by itself, however rows are ordered", async () => {
      const whole = (await posterior.predict(table)).columns;
      const order = Array.from({ length: numRows }, (_, n) => (n * 7 + 3) % numRows);
      const shuffled = (await posterior.predict(rowsOf(table, order))).columns;
      const ofRow = Object.keys(whole).filter((name) => !name.startsWith("predictive_"));
      for (const name of ofRow) expect(pick(shuffled, name)).toEqual(order.map((n) => pick(whole, name)[n]));
      const one = (await posterior.predict(rowsOf(table, [11]))).columns;
      for (const name of ofRow) expect(pick(one, name)[0]).toEqual(pick(whole, name)[11]);
    });
  },
);

const pick = (columns: PredictionColumns, name: string) => [...columns[name]];

function rowsOf(columns: Columns, order: readonly number[]): Record<string, unknown>[] {
  return order.map((n) => Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[n]])));
}

/** The same table, some rows at a time. */
function inChunks(columns: Columns, size: number): TableSource {
  const source = tableFromColumns(columns);
  async function* chunks(names: readonly string[]) {
    for await (const chunk of source.chunks(names)) {
      for (let from = 0; from < chunk.numRows; from += size) {
        const to = Math.min(chunk.numRows, from + size);
        const parts = [...chunk.columns].map(([name, column]) => {
          const part =
            column.kind === "number"
              ? { ...column, values: column.values.subarray(from, to) }
              : { ...column, codes: column.codes.subarray(from, to) };
          return [name, part] as const;
        });
        yield { numRows: to - from, columns: new Map(parts) };
      }
    }
  }
  return { ...source, chunks };
}

describe("rows that the fit has not seen", () => {
  let posterior: Posterior;
  const small = { chains: 2, draws: 60, seed: 5, sampler: "laplace" } as const;
  const row = { x: 0.5, day: "Tue", open: true, code: 2 };
  beforeAll(async () => {
    posterior = await fit({ data: table, formula: "number ~ x + day + open + C(code)" }, small);
  });
  const meanOf = async (rows: Record<string, unknown>[], options = {}) =>
    [...(await posterior.predict(rows, options)).columns.mean] as number[];

  it("names column, level and row of an unknown level, and the way out", async () => {
    await expect(posterior.predict([row, { ...row, day: "Tuo" }])).rejects.toThrow(
      /^day is "Tuo" in data row 2, .*did you mean "Tue".*--unknown-levels reference/,
    );
    await expect(posterior.predict([{ ...row, code: 9 }])).rejects.toThrow(/^C\(code\) is "9" in data row 1/);
  });

  it("takes an unknown level as the reference where it is asked to, and says so", async () => {
    const unknown = await posterior.predict([{ ...row, day: "Sun" }], { unknownLevels: "reference" });
    expect(unknown.columns.mean[0]).toBe((await meanOf([{ ...row, day: "Mon" }]))[0]);
    expect(unknown.warnings).toEqual([expect.stringMatching(/^1 row with a level of day that no row of the fit has/)]);
  });

  it("leaves a row without a prediction where a value is missing, in its place", async () => {
    const rows = [row, { ...row, x: null }, { ...row, day: null }, row];
    const { columns, missingRows, warnings } = await posterior.predict(rows);
    expect([...columns.mean].map((mean) => Number.isNaN(mean))).toEqual([false, true, true, false]);
    expect(columns.mean[3]).toBe(columns.mean[0]);
    expect(missingRows).toBe(2);
    expect(warnings[0]).toMatch(/^2 rows without a prediction: a value is missing, in "x" \(1\) and "day" \(1\)/);
  });

  it("needs the features, and not the target", async () => {
    const { scores } = await posterior.predict([row]);
    expect(scores).toBeUndefined();
    const { x: _, ...without } = row;
    await expect(posterior.predict([{ ...without, X: 1 }])).rejects.toThrow(/no column "x"; did you mean X\?/);
  });

  it("needs no column that was left out of the fit as constant, but refuses another level of a constant category", async () => {
    const one = Array.from({ length: numRows }, () => "only");
    const fitted = await fit({ data: { ...table, one }, formula: "number ~ x + fixed + one" }, small);
    const { columns, missingRows } = await fitted.predict([
      { x: 0.5, one: "only" },
      { x: 0.5, one: "only", fixed: 2 },
      { x: 0.5, one: "only", fixed: null },
    ]);
    expect(missingRows).toBe(0);
    expect(columns.mean[0]).toBeGreaterThan(0);
    expect(new Set(columns.mean as Float64Array).size).toBe(1);
    await expect(fitted.predict([{ x: 0.5, one: "other" }])).rejects.toThrow(/^one is "other" in data row 1/);
  });

  it("reads columns as the types that they had", async () => {
    const [expected] = await meanOf([row]);
    expect(await meanOf([{ ...row, x: "0.5", open: "true", code: "2" }])).toEqual([expected]);
    expect(await meanOf([{ ...row, open: 1 }])).toEqual([expected]);
    // A file's "yes" and "no" are booleans, until another text stands among them.
    for (const word of ["yes", "Y", "t"]) expect(await meanOf([{ ...row, open: word }])).toEqual([expected]);
    await expect(posterior.predict([row, { ...row, x: 1 }].map((r) => ({ ...r, x: `${r.x}a` })))).rejects.toThrow(
      /^Column "x" held numbers when the model was fitted, and holds "0.5a" in data row 1/,
    );
  });

  it("says where levels are known but never came together", async () => {
    const data = { y: [1, 2, 3, 4, 5, 7], a: ["p", "p", "q", "q", "p", "r"], b: ["s", "s", "s", "t", "s", "t"] };
    const together = await fit({ data, formula: "y ~ a:b" }, { ...small, family: "gaussian" });
    const { warnings } = await together.predict({ a: ["p", "p"], b: ["t", "s"] });
    expect(warnings).toEqual([expect.stringMatching(/^1 row with levels that no row of the fit has together/)]);
  });

  it("predicts arrays from a fit to arrays", async () => {
    const rows = Array.from({ length: 50 }, (_, n) => [Math.sin(n), Math.cos(3 * n)]);
    const fitted = await fit({ x: rows, y: rows.map(([a, b], n) => 1 + 2 * a - b + 0.1 * Math.sin(9 * n)) }, small);
    const { columns } = await fitted.predict([[0.5, -1]]);
    expect(columns.mean[0]).toBeCloseTo(3, 1);
    await expect(fitted.predict([[0.5]])).rejects.toThrow(/Row 1 of the rows has 1 numbers, and the fit has 2 columns/);
  });

  it("refuses options and data that cannot be used", async () => {
    await expect(posterior.predict([row], { interval: 1 })).rejects.toThrow(/interval cannot be 1/);
    await expect(posterior.predict([row], { draws: 121 })).rejects.toThrow(/draws cannot be 121: .* 0 to 120/);
    await expect(posterior.predict({ x: [], day: [], open: [], code: [] })).rejects.toThrow(/There are no rows/);
  });

  it("a number column's unknown values predict on a line", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: -9, max: 9, noNaN: true }), async (value) => {
        const [at0, at1, at] = await meanOf([
          { ...row, x: 0 },
          { ...row, x: 1 },
          { ...row, x: value },
        ]);
        expect(at).toBeCloseTo(at0 + value * (at1 - at0), 8);
      }),
      { numRuns: 20 },
    );
  });
});
