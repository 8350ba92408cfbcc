import { afterAll, describe, expect, it } from "vitest";
import type { GramRequest } from "../../src/engine/bindings/pass-record.ts";
import { viewRows } from "../../src/engine/bindings/row-view.ts";
import type { GramKind } from "../../src/engine/bindings/words.ts";
import { createInlineEngine, createReferenceEngine, type Engine } from "../../src/engine/engine.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { type FamilyName, families } from "../../src/families/families.ts";
import { customModel, modelOf } from "../../src/models/custom-model.ts";
import type { Model, ModelBlocks } from "../../src/models/model.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { BlockRows } from "../../src/rows/block-rows.ts";
import { CustomRows } from "../../src/rows/custom-rows.ts";
import { DistantRows } from "../../src/rows/distant/distant-rows.ts";
import { KernelRows } from "../../src/rows/kernel-rows.ts";
import { cutRows } from "../../src/rows/partition.ts";
import { subsampleModel } from "../../src/rows/row-subset.ts";
import type { PassRequest, RowSums, Rows } from "../../src/rows/rows.ts";
import { rowsOf } from "../../src/rows/rows-of.ts";
import { visitRows } from "../../src/rows/visit-rows.ts";
import { filesForBlocks, inBlocksOf } from "./blocks-of-rows.ts";
import { inPartsOf } from "./parts-of-rows.ts";
import { problemOf, type Target } from "./targets.ts";

// What every implementation of Rows has to keep, whatever reads the rows (docs/rows.md). A new one is one more entry of
// `implementations`.

/** Rows, read in parts: `partition` is how many there are, or what decides it. */
interface Conforming {
  readonly local: DenseApproximation;
  /** The same rows by the plain TypeScript versions of the kernels. */
  readonly reference: Rows;
  rows(partition: number): Rows;
  /** Largest relative errors against the reference, and the kinds of Gram matrix that exist. */
  readonly tolerance: { readonly gradient: number; readonly gram: number; readonly residual: number };
  readonly gramKinds: readonly GramKind[];
  /** Where draws by influence make a pool, which follows from how the rows are cut into blocks. */
  readonly pool?: { readonly cut: number };
}

const numRows = 5003;
const partitions = [1, 2, 7, 16, 61];
const engines: Engine[] = [];
const files = filesForBlocks();
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.executor.close()));
  files.close();
});

function targetOf(family: FamilyName, { isBare = false, storage }: { isBare?: boolean; storage?: "sparse" }): Target {
  const random = createRandom(41, 0, 9);
  const x = Array.from({ length: numRows }, (_, n) => Float64Array.of(random.normal(), Number(n % 7 === 0), n % 3));
  const offset = Float64Array.from(x, () => 0.2 * random.normal());
  const weights = Float64Array.from(x, (_, n) => 1 + (n % 2));
  const y = Float64Array.from(x, ([a, b, c]) => {
    const eta = Float64Array.of(0.4 * a - 0.3 * b + 0.1 * c - 0.2);
    if (family === "categorical") return Math.floor(3 * random.uniform());
    return families[family].predictive.draw(random, eta, Float64Array.of(0.6, 6));
  });
  const hasOffset = !isBare && family !== "categorical";
  const side = { ...(hasOffset && { offset }), ...(!isBare && { weights }) };
  return { name: family, x, y, family, prior: { mean: 0, sd: 1 }, ...side, ...(storage && { storage }) };
}

async function problemOn(create: () => Promise<Engine>, target: Target) {
  const engine = await create();
  engines.push(engine);
  return (await problemOf(engine, target)).local;
}

const inMemory = (family: FamilyName, storage?: "sparse") => async (): Promise<Conforming> => {
  const local = await problemOn(createInlineEngine, targetOf(family, { storage }));
  const plain = await problemOn(createReferenceEngine, targetOf(family, { storage }));
  return {
    local,
    reference: rowsOf(plain.workspace, plain.model),
    rows: (partition) =>
      new KernelRows(local.workspace, local.model, (visited, maxParts, step) =>
        cutRows(visited, Math.min(maxParts, partition), step),
      ),
    // Gram matrices are summed in single precision over blocks of 64 rows; residuals are small differences of gradients.
    tolerance: { gradient: 1e-11, gram: 1e-6, residual: 1e-10 },
    gramKinds: ["none", "curvature", "squared-gradient", "squared-residual"],
  };
};

/** The same in blocks on disk, as many as there are parts. */
const inBlocks = (family: FamilyName, storage?: "sparse") => async (): Promise<Conforming> => {
  const resident = await inMemory(family, storage)();
  const { workspace, model } = resident.local;
  const stores = new Map<number, Model & { readonly blocks: ModelBlocks }>();
  for (const partition of partitions)
    stores.set(partition, await inBlocksOf(files, model, 64 * Math.ceil(numRows / partition / 64)));
  return {
    ...resident,
    rows: (partition) => new BlockRows(workspace, stores.get(partition)!, stores.get(partition)!.blocks),
    pool: { cut: 7 },
  };
};

/** The same in parts elsewhere, of as many blocks. */
const inParts = (family: FamilyName, storage?: "sparse") => async (): Promise<Conforming> => {
  const resident = await inMemory(family, storage)();
  const { workspace, model } = resident.local;
  const engine = await createInlineEngine();
  engines.push(engine);
  const models = new Map<number, Model & { readonly blocks: ModelBlocks }>();
  for (const partition of partitions) {
    const rowsOfBlock = 64 * Math.ceil(numRows / partition / 64);
    models.set(partition, await inPartsOf(files, engine, model, { rowsOfBlock, blocksOfPart: 2 }));
  }
  return {
    ...resident,
    rows: (partition) => new DistantRows(workspace, models.get(partition)!, models.get(partition)!.blocks),
    pool: { cut: 7 },
  };
};

/** Logistic regression by functions of TypeScript, over the rows of the same model in memory. */
async function byFunctions(): Promise<Conforming> {
  const target = targetOf("bernoulli", { isBare: true });
  const local = await problemOn(createInlineEngine, target);
  const plain = await problemOn(createReferenceEngine, target);
  const { memory, dimension, priorPrecision } = local.model;
  const x: Float64Array[] = [];
  visitRows(local.model, local.mode, ({ addTo }) => {
    const row = new Float64Array(dimension);
    addTo(row, 0, 1);
    x.push(row);
  });
  const predict = (position: Float64Array, n: number) => x[n].reduce((eta, value, j) => eta + value * position[j], 0);
  const gradientOf = (position: Float64Array, n: number) => {
    const error = 1 / (1 + Math.exp(-predict(position, n))) - target.y[n];
    return x[n].map((value) => error * value);
  };
  const model = modelOf(
    memory,
    customModel({
      dimension,
      numRows,
      prior: Array.from(priorPrecision, (precision) => ({ mean: 0, sd: precision ** -0.5 })),
      lossAndGradient(position, rows) {
        let loss = 0;
        const gradient = new Float64Array(dimension);
        for (const n of rows) {
          const eta = predict(position, n);
          loss += (Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta))) - target.y[n] * eta) / rows.length;
          for (const [j, value] of gradientOf(position, n).entries()) gradient[j] += value / rows.length;
        }
        return { loss, gradient };
      },
      rowGradients: (position, rows) => Array.from(rows, (n) => [...gradientOf(position, n)]).flat(),
      hessian: (position) => {
        const sum = new Float64Array(dimension ** 2);
        for (let n = 0; n < numRows; n++) {
          const mean = 1 / (1 + Math.exp(-predict(position, n)));
          for (let i = 0; i < sum.length; i++)
            sum[i] += (mean * (1 - mean) * x[n][Math.floor(i / dimension)] * x[n][i % dimension]) / numRows;
        }
        return sum;
      },
    }),
  );
  return {
    local: { ...local, model },
    reference: rowsOf(plain.workspace, plain.model),
    rows: (partition) => new CustomRows(local.workspace, model, model.custom!, Math.ceil(numRows / partition)),
    // The Hessian of fewer than all rows is one of central differences over 0.1 sd, whose square over 6 is 4e-6; and
    // residuals take the Hessian along θ − θ̂ by a difference at a tenth of the way, which leaves about 0.1² of them.
    tolerance: { gradient: 1e-11, gram: 1e-5, residual: 0.02 },
    gramKinds: ["none", "curvature", "squared-gradient"],
  };
}

const implementations: readonly (readonly [string, () => Promise<Conforming>])[] = [
  ["in memory, bernoulli", inMemory("bernoulli")],
  ["in memory, sparse, poisson", inMemory("poisson", "sparse")],
  ["in memory, student-t with scale and shape", inMemory("student-t")],
  ["in memory, three classes", inMemory("categorical")],
  ["in blocks on disk, bernoulli", inBlocks("bernoulli")],
  ["in blocks on disk, student-t with scale and shape", inBlocks("student-t")],
  ["in blocks on disk, three classes", inBlocks("categorical")],
  ["in blocks on disk, sparse, poisson", inBlocks("poisson", "sparse")],
  ["in parts elsewhere, sparse, poisson", inParts("poisson", "sparse")],
  ["in parts elsewhere, student-t with scale and shape", inParts("student-t")],
  ["in parts elsewhere, three classes", inParts("categorical")],
  ["a custom model's functions", byFunctions],
];

/** Largest difference over the largest entry. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  return Math.max(0, ...Array.from(expected, (value, i) => Math.abs(actual[i] - value))) / (scale || 1);
}

function expectSums(actual: RowSums, expected: RowSums, tolerance: { gradient: number; gram: number }, what: string) {
  expect(actual.count, what).toBe(expected.count);
  expect(Math.abs(actual.loss - expected.loss) / Math.abs(expected.loss), what).toBeLessThan(tolerance.gradient);
  expect(relativeError(actual.gradient, expected.gradient), what).toBeLessThan(tolerance.gradient);
  expect(relativeError(actual.gram.data, expected.gram.data), what).toBeLessThan(tolerance.gram);
  expect(relativeError(actual.diagonal, expected.diagonal), what).toBeLessThan(tolerance.gram);
}

describe.each(implementations)("rows %s", (_, create) => {
  const made = create();
  /** θ̂ and a point two posterior sds away from it. */
  const pointsOf = ({ mode, laplaceCovariance: { data } }: DenseApproximation) => ({
    center: mode,
    position: mode.map((value, j) => value + 2 * (j % 2 ? -1 : 1) * Math.sqrt(data[j * (mode.length + 1)])),
  });
  const requestOf = (gram: GramKind, center: Float64Array): GramRequest =>
    gram === "squared-residual" ? { gram, center } : { gram: gram as "curvature" };
  const choices: readonly Pick<PassRequest, "step" | "rowList">[] = [
    {},
    { step: 3 },
    { rowList: Uint32Array.from({ length: 3000 }, (_, k) => (17 * k) % numRows) },
  ];

  it("has the same sums to 1e-12, however it is cut", async () => {
    const { local, rows, gramKinds } = await made;
    const { center, position } = pointsOf(local);
    for (const gram of gramKinds)
      for (const choice of choices) {
        const request = { ...requestOf(gram, center), ...choice };
        const whole = await rows(1).pass(position, request);
        for (const partition of partitions.slice(1)) {
          const cut = await rows(partition).pass(position, request);
          expectSums(cut, whole, { gradient: 1e-12, gram: 1e-12 }, `${gram}, ${partition} parts`);
        }
      }
  });

  it("agrees with the plain TypeScript sums, and the diagonal with the matrix", async () => {
    const { local, reference, rows, tolerance, gramKinds } = await made;
    const { center, position } = pointsOf(local);
    for (const gram of gramKinds)
      for (const choice of choices) {
        const request = { ...requestOf(gram, center), ...choice };
        const expected = await reference.pass(position, request);
        const gradient = gram === "squared-residual" ? tolerance.residual : tolerance.gradient;
        expectSums(await rows(7).pass(position, request), expected, { ...tolerance, gradient }, gram);
        if (gram === "none") continue;
        const { diagonal } = await rows(7).pass(position, { ...request, isDiagonal: true } as PassRequest);
        const entries = expected.gram.data.filter((_, at) => at % (expected.gram.rows + 1) === 0);
        expect(relativeError(diagonal, entries), gram).toBeLessThan(tolerance.gram);
      }
    const residual = { gram: "squared-residual", center } as const;
    const [ours, theirs] = [await rows(7).pass(position, residual), await reference.pass(position, residual)];
    expect(relativeError(ours.gradient, theirs.gradient)).toBeLessThan(tolerance.residual);
  });

  it("evaluates several positions at once as it does one by one", async () => {
    const { local, rows } = await made;
    const { center, position } = pointsOf(local);
    const mark = local.model.memory.mark();
    const evaluate = rows(7).passes(3);
    for (const positions of [[center, position], [position]]) {
      const results = await evaluate(positions);
      expect(results).toHaveLength(positions.length);
      for (const [k, { loss, gradient }] of results.entries()) {
        const alone = await rows(7).pass(positions[k], { gram: "none" });
        expect([loss, gradient]).toEqual([alone.loss, alone.gradient]);
      }
    }
    local.model.memory.release(mark);
  });

  it("has the gradients of single rows, whose sum is that of a pass, and whose weighted mean that of a batch", async () => {
    const { local, rows, tolerance } = await made;
    const { position } = pointsOf(local);
    const rowList = Uint32Array.from({ length: 600 }, (_, k) => (29 * k) % numRows);
    const weights = Float32Array.from(rowList, (_, k) => 0.5 + (k % 3));
    const isWeighted = local.model.custom === undefined;
    const [sum, mean] = [new Float64Array(position.length), new Float64Array(position.length)];
    let k = 0;
    await rows(1).visitGradients(rowList, position, (gradient) => {
      gradient.forEach((value, j) => {
        sum[j] += value;
        mean[j] += ((isWeighted ? weights[k] : 1) * value) / rowList.length;
      });
      k++;
    });
    expect(k).toBe(600);
    expect(relativeError((await rows(7).pass(position, { gram: "none", rowList })).gradient, sum)).toBeLessThan(
      tolerance.gradient,
    );
    const batch = isWeighted ? { rows: rowList, weights } : { rows: rowList };
    expect(relativeError(await rows(7).evaluate(batch, position), mean)).toBeLessThan(1e-12);
  });

  it("draws rows uniformly, and the same ones for a seed however it is cut", async () => {
    const { rows } = await made;
    const drawn = partitions.map((partition) => rows(partition).draw(50_000, createRandom(5, 0, 9)).rows);
    for (const others of drawn.slice(1)) expect(others).toEqual(drawn[0]);
    const counts = new Float64Array(50);
    for (const row of drawn[0]) counts[Math.floor((50 * row) / numRows)]++;
    const sizes = new Float64Array(50);
    for (let row = 0; row < numRows; row++) sizes[Math.floor((50 * row) / numRows)] += 50_000 / numRows;
    const chiSquare = counts.reduce((total, count, k) => total + (count - sizes[k]) ** 2 / sizes[k], 0);
    expect(chiSquare).toBeLessThan(104.5); // qchisq(1 - 1e-5, 49)
  });

  it("draws rows by influence, where influences are known, the same ones however it is cut", async () => {
    const { local, rows, pool } = await made;
    const law = { factor: local.laplaceFactor, covariance: local.laplaceCovariance };
    const mark = local.model.memory.mark();
    const drawn: Uint32Array[] = [];
    for (const partition of partitions) {
      const weighted = await rows(pool?.cut ?? partition).byInfluence?.(local.mode, law, 0.1, {
        size: 20_000,
        seed: 6,
      });
      if (!weighted) continue;
      const batch = rowsOf(local.workspace, weighted).draw(20_000, createRandom(6, 0, 9));
      drawn.push(batch.rows);
      const weights = batch.weights ?? weightsIn(weighted, batch.rows);
      // E 1/(N p) = 1 over draws by p; no weight is above 1/0.1, so that the mean's standard error is below √10/√20,000. The rows of
      // a pool have the factor w, 1 or 2 in turn, besides, and were drawn as often themselves.
      const [own, squares, largest] = pool ? [1.5, 2 * 2.5, 2] : [1, 1, 1];
      const mean = weights.reduce((sum, weight) => sum + weight / 20_000, 0);
      expect(Math.abs(mean - own)).toBeLessThan(4 * Math.sqrt((10 * squares) / 20_000));
      expect(Math.max(...weights)).toBeLessThanOrEqual(10 * largest * 1.01);
    }
    for (const others of drawn.slice(1)) expect(others).toEqual(drawn[0]);
    expect(drawn).toHaveLength(local.model.custom ? 0 : partitions.length);
    local.model.memory.release(mark);
  });

  it("has a subsample without replacement, the rows in order, and a subsample of that", async () => {
    const { local } = await made;
    const { position } = pointsOf(local);
    const mark = local.model.memory.mark();
    const gradientsOf = async (model: DenseApproximation["model"]) => {
      const all = Uint32Array.from({ length: model.rows.numRows }, (_, n) => n);
      const gradients: string[] = [];
      await rowsOf(local.workspace, model).visitGradients(all, position, (gradient) => {
        gradients.push(gradient.join());
      });
      return gradients;
    };
    const whole = await gradientsOf(local.model);
    const sample = subsampleModel(local.model, 300, createRandom(7, 0, 9));
    const part = subsampleModel(sample, 40, createRandom(8, 0, 9));
    const [ofSample, ofPart] = [await gradientsOf(sample), await gradientsOf(part)];
    expect([ofSample.length, ofPart.length]).toEqual([300, 40]);
    expectSubsequence(ofSample, whole);
    expectSubsequence(ofPart, ofSample);
    expect(subsampleModel(part, 40, createRandom(9, 0, 9))).toBe(part);
    local.model.memory.release(mark);
  });
});

/** The weights of a pool's rows, each w/(N p). */
function weightsIn({ memory, rows: stored }: Model, rows: Uint32Array): Float32Array {
  const view = viewRows(memory, stored);
  return Float32Array.from(rows, (row) => {
    view.moveTo(row);
    return view.weight();
  });
}

function expectSubsequence(part: readonly string[], whole: readonly string[]): void {
  let at = -1;
  for (const entry of part) {
    at = whole.indexOf(entry, at + 1);
    expect(at).toBeGreaterThanOrEqual(0);
  }
}
