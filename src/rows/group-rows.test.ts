import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import type { FamilyName } from "../families/families.ts";
import { createModel } from "../models/create-model.ts";
import { createGroupModel } from "../models/group-model.ts";
import type { EffectsOfFactor, Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { GroupRows } from "./group-rows.ts";
import type { Workspace } from "./workspace.ts";

interface Group {
  readonly x: number[][];
  readonly z?: number[][];
  readonly y: number[];
}

interface Values {
  readonly theta: number[];
  readonly losses: number[];
  readonly gradients: number[][];
}

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/multilevel/group-losses.json", import.meta.url), "utf8"),
) as {
  readonly oneFactor: readonly { family: FamilyName; q: number; groups: Group[]; values: Values[] }[];
  readonly nested: readonly { family: FamilyName; outerGroups: Group[][]; values: Values[] }[];
};

let engine: Engine;
let workspace: Workspace;
beforeAll(async () => {
  engine = await createInlineEngine();
  workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
});
afterAll(() => engine.executor.close());

const sdPrior = { kind: "half-student-t", degrees: 3, scale: 2.5 } as const;

function effects(columns: readonly number[], blocks: readonly number[] = [columns.length]): EffectsOfFactor {
  return { columns, blocks, sdPriors: columns.map(() => sdPrior), correlationShapes: blocks.map(() => 1) };
}

interface Rows {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly extra?: readonly (readonly number[])[];
  readonly weights?: readonly number[];
  readonly offset?: readonly number[];
}

/** Rows as a design has them: x, then columns of effects alone, then weight, offset and target. */
function flatModel(family: FamilyName, { x, y, extra, weights, offset }: Rows): Model {
  const numColumns = x[0].length;
  const stride = 8 * Math.ceil((numColumns + (extra?.[0].length ?? 0) + 3) / 8);
  const address = engine.memory.allocate(x.length * stride * 4, 64);
  const rows = engine.memory.f32(address, x.length * stride).fill(0);
  x.forEach((row, n) => {
    rows.set([...row, ...(extra?.[n] ?? [])], n * stride);
    rows.set([weights?.[n] ?? 0, offset?.[n] ?? 0, y[n]], (n + 1) * stride - 3);
  });
  const block = {
    address,
    numRows: x.length,
    numColumns,
    paddedColumns: stride,
    stride,
    hasOffset: offset !== undefined,
    hasWeights: weights !== undefined,
  };
  const classes = family === "categorical" ? ({ count: 3, coding: "reference" } as const) : undefined;
  return createModel(engine.memory, block, { family, classes });
}

function startsOf(sizes: readonly number[]): number[] {
  const starts = [0];
  for (const size of sizes) starts.push(starts.at(-1)! + size);
  return starts;
}

/** Columns are in single precision; with three effects, or of poisson rows with an sd of 4.5, as many nodes as are quick leave an error too. */
async function expectValues(model: Model, { theta, losses, gradients }: Values) {
  const { inner, outer } = model.groups!;
  const allowed = outer ? 1e-4 : inner.columns.length > 2 ? 2e-5 : 2e-6;
  const rows = new GroupRows(workspace, model);
  for (let group = 0; group < losses.length; group++) {
    const { loss, gradient } = await rows.pass(theta, { gram: "none", rowList: [group] });
    expect(Math.abs(loss - losses[group])).toBeLessThan(allowed * Math.max(1, Math.abs(loss)));
    gradient.forEach((value, j) => {
      expect(Math.abs(value - gradients[group][j])).toBeLessThan(allowed * Math.max(1, Math.abs(value)));
    });
  }
  const { loss } = await rows.pass(theta, { gram: "none" });
  const total = losses.reduce((a, b) => a + b, 0);
  expect(Math.abs(loss - total)).toBeLessThan(allowed * Math.abs(total));
}

describe("a group's loss and gradient are those of dense quadrature", () => {
  golden.oneFactor.forEach(({ family, q, groups, values }, k) => {
    it(`${family}, ${q} effects (${k})`, async () => {
      const x = groups.flatMap((group) => group.x);
      const y = groups.flatMap((group) => group.y);
      const z = groups.flatMap((group) => group.z!);
      const flat = flatModel(family, { x, y, extra: z });
      const columns = Array.from({ length: q }, (_, c) => x[0].length + c);
      const grouping = { innerStarts: startsOf(groups.map((group) => group.y.length)), inner: effects(columns) };
      const model = createGroupModel(flat, grouping, { outer: 1, inner: q < 3 ? 61 : 41 });
      for (const each of values) await expectValues(model, each);
    });
  });
});

describe("with an outer factor they are those of dense quadrature in both", () => {
  for (const { family, outerGroups, values } of golden.nested)
    it(family, async () => {
      const groups = outerGroups.flat();
      const flat = flatModel(family, { x: groups.flatMap((group) => group.x), y: groups.flatMap((group) => group.y) });
      const grouping = {
        innerStarts: startsOf(groups.map(({ y }) => y.length)),
        outerStarts: startsOf(outerGroups.map((group) => group.length)),
        outer: effects([-1]),
        inner: effects([-1]),
      };
      const model = createGroupModel(flat, grouping, { outer: 61, inner: 127 });
      for (const each of values) await expectValues(model, each);
    });
});

/** Simulated rows in groups, for what has to hold of any of them. */
function simulated(family: FamilyName, random = createRandom(17, 0, 9)) {
  const sizes = [1, 3, 2, 6, 1, 4, 5, 2];
  const numRows = sizes.reduce((a, b) => a + b, 0);
  const x = Array.from({ length: numRows }, () => [random.normal(), 1]);
  const y = x.map(([a]) => {
    if (family === "bernoulli") return Number(random.uniform() < 0.5);
    if (family === "gaussian" || family === "student-t") return a + random.normal();
    return Math.floor(3 * random.uniform());
  });
  const weights = x.map((_, n) => 1 + (n % 2));
  const offset = x.map(() => 0.3 * random.normal());
  return { sizes, rows: { x, y, weights, offset } };
}

const groupings = {
  "one effect": { inner: effects([-1]) },
  "two that correlate": { inner: effects([-1, 0]) },
  "two that do not": { inner: effects([-1, 0], [1, 1]) },
  "three, two of which correlate": { inner: effects([-1, 0, 1], [2, 1]) },
  "three that correlate": { inner: effects([-1, 0, 1]) },
  nested: { outerStarts: [0, 3, 4, 8], outer: effects([-1]), inner: effects([-1]) },
  "nested, with slopes": { outerStarts: [0, 3, 4, 8], outer: effects([-1, 0]), inner: effects([-1, 0], [1, 1]) },
};
/** Enough for the quadrature's error to be below what is allowed. */
function nodesOf({ inner, outer }: { readonly inner: EffectsOfFactor; readonly outer?: EffectsOfFactor }) {
  const largest = Math.max(inner.columns.length, outer?.columns.length ?? 0);
  const count = outer ? [15, 9][largest - 1] : [61, 25, 13][largest - 1];
  return { outer: count, inner: count };
}

/** A point where the rows' noise is wide and its tails are thin, so that quadrature converges quickly. */
function pointOf(model: Model): Float64Array {
  const theta = Float64Array.from({ length: model.dimension }, (_, j) => 0.3 * Math.cos(3 * j) - 0.5);
  model.auxiliaries.forEach(({ index }, k) => {
    theta[model.rows.numColumns + k] = index === 1 ? 3 : 0.4;
  });
  return theta;
}

const families: FamilyName[] = ["bernoulli", "poisson", "gaussian", "student-t", "negative-binomial"];

/** Effects of two classes each: kernels have room for four. */
const classGroupings = {
  "an intercept a class": { inner: effects([-1, -1], [1, 1]) },
  "a slope that correlates": { inner: effects([-1, 0, -1, 0], [2, 2]) },
  "nested, a slope outside": {
    outerStarts: [0, 3, 4, 8],
    outer: effects([0, 0], [1, 1]),
    inner: effects([-1, -1], [1, 1]),
  },
};

/** @param step of the differences, whose error is of the order of its square */
async function expectDifferences(model: Model, step = 1e-4): Promise<void> {
  const read = new GroupRows(workspace, model);
  const theta = pointOf(model);
  const { gradient, gram } = await read.pass(theta, { gram: "curvature" });
  const moved = (j: number, by: number) => theta.map((value, i) => (i === j ? value + by : value));
  for (let j = 0; j < theta.length; j++) {
    const up = await read.pass(moved(j, step), { gram: "none" });
    const down = await read.pass(moved(j, -step), { gram: "none" });
    expect(Math.abs((up.loss - down.loss) / (2 * step) - gradient[j])).toBeLessThan(5e-4);
    up.gradient.forEach((value, i) => {
      const difference = (value - down.gradient[i]) / (2 * step);
      expect(Math.abs(difference - gram.data[i * theta.length + j])).toBeLessThan(
        5e-4 * Math.max(1, Math.abs(difference)),
      );
    });
  }
}

it("losses of classes are finite and right however large or small their predictors", async () => {
  const x = [[1], [1], [1]];
  for (const hasWeights of [false, true]) {
    const flat = flatModel("categorical", { x, y: [0, 1, 2], ...(hasWeights && { weights: [1, 1, 1] }) });
    const grouping = { innerStarts: [0, 1, 2, 3], inner: effects([-1, -1], [1, 1]) };
    const read = new GroupRows(workspace, createGroupModel(flat, grouping, { outer: 1, inner: 5 }));
    for (const [first, second] of [
      [0.5, -0.3],
      [130, 120],
      [-900, -700],
      [800, 795],
      [1500, -1500],
    ]) {
      // With sds of e⁻³⁰ the effects are 0.
      const { loss } = await read.pass([first, second, -30, -30], { gram: "none" });
      const top = Math.max(0, first, second);
      const logSum = top + Math.log(Math.exp(-top) + Math.exp(first - top) + Math.exp(second - top));
      expect(Math.abs(loss - (3 * logSum - first - second))).toBeLessThan(1e-9 * Math.max(1, Math.abs(loss)));
    }
  }
});

describe("derivatives of groups", () => {
  for (const [name, grouping] of Object.entries(groupings))
    for (const family of name === "nested, with slopes" ? families.slice(0, 2) : families)
      it(`are differences of the loss and the gradient: ${family}, ${name}`, async () => {
        const { sizes, rows } = simulated(family);
        const innerStarts = startsOf(sizes);
        await expectDifferences(
          createGroupModel(flatModel(family, rows), { ...grouping, innerStarts }, nodesOf(grouping)),
        );
      });

  for (const [name, grouping] of Object.entries(classGroupings))
    it(`are differences of the loss and the gradient: categorical, ${name}`, async () => {
      const { sizes, rows } = simulated("categorical");
      const nodes = name === "an intercept a class" ? 25 : 9;
      const innerStarts = startsOf(sizes);
      await expectDifferences(
        createGroupModel(flatModel("categorical", rows), { ...grouping, innerStarts }, { outer: nodes, inner: nodes }),
      );
    });

  const residualCases = [
    ...Object.values(groupings).map((grouping) => ["student-t", grouping] as const),
    ...Object.values(classGroupings).map((grouping) => ["categorical", grouping] as const),
  ];
  it("residuals are gradients less their linear part", async () => {
    for (const [family, grouping] of residualCases) {
      const { sizes, rows } = simulated(family);
      const model = createGroupModel(
        flatModel(family, rows),
        { ...grouping, innerStarts: startsOf(sizes) },
        { outer: 7, inner: 7 },
      );
      const read = new GroupRows(workspace, model);
      const center = Float64Array.from({ length: model.dimension }, (_, j) => 0.2 * Math.sin(j));
      const theta = center.map((value, j) => value + 0.1 * Math.cos(j));
      const at = await read.pass(center, { gram: "curvature" });
      const there = await read.pass(theta, { gram: "none" });
      const { gradient } = await read.pass(theta, { gram: "squared-residual", center });
      gradient.forEach((value, i) => {
        let linear = at.gradient[i];
        for (let j = 0; j < theta.length; j++) linear += at.gram.data[i * theta.length + j] * (theta[j] - center[j]);
        expect(Math.abs(value - (there.gradient[i] - linear))).toBeLessThan(1e-9 * Math.max(1, Math.abs(linear)));
      });
    }
  });

  it("of gaussian rows are exact with three nodes", async () => {
    const { sizes, rows } = simulated("gaussian");
    for (const grouping of Object.values(groupings)) {
      const at = async (nodes: number) => {
        const model = createGroupModel(
          flatModel("gaussian", rows),
          { ...grouping, innerStarts: startsOf(sizes) },
          { outer: nodes, inner: nodes },
        );
        const theta = Float64Array.from({ length: model.dimension }, (_, j) => 0.3 * Math.sin(j));
        return new GroupRows(workspace, model).pass(theta, { gram: "curvature" });
      };
      const [few, many] = [await at(3), await at(9)];
      expect(few.loss).toBeCloseTo(many.loss, 9);
      few.gram.data.forEach((value, k) => {
        expect(value).toBeCloseTo(many.gram.data[k], 8);
      });
    }
  });
});
