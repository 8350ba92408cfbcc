import { describe, expect, test } from "vitest";
import { createInlineEngine } from "../../engine/engine.ts";
import { dot, matrix } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { EffectChain } from "../chain/effect-chain.ts";
import { Potential } from "../chain/potential.ts";
import { findReferenceLaw } from "../chain/reference-law.ts";
import { columnsOf, denseOracle, errorOf, mean, simulateCrossed } from "../crossed-fixtures.ts";
import { crossedPosterior } from "../crossed-posterior.ts";
import { crossedStructure } from "../structure.ts";
import { effectPrecisions } from "../variances.ts";
import { NearFactor } from "./near-factor.ts";
import { normalEquations } from "./normal-equations.ts";
import { multiplyPrecision } from "./precision-product.ts";

const { model, layout, theta } = simulateCrossed({
  ...{ family: "gaussian", numRows: 300, levels: [9, 14, 5], effects: [[-1, 1], [-1], [1]] },
  ...{ theta: [-0.3, -0.7, 0.4, -0.2, -0.5, -0.4], weighted: true },
});
const structure = crossedStructure(model);
const equations = normalEquations(model, structure, model.weights);
const parts = { equations, scale: 0.7, precisions: effectPrecisions(model, layout, theta) };
const multiply = (u: Float64Array) => multiplyPrecision(model, structure, parts, u);
const random = createRandom(6, 0, 2);
const vector = () => Float64Array.from({ length: structure.numUnknowns }, () => random.normal());

/** Entries of what a function makes of unit vectors, column by column. */
async function matrixOf(of: (x: Float64Array) => Float64Array | Promise<Float64Array>) {
  const size = structure.numUnknowns;
  const result = matrix(size, size);
  for (let j = 0; j < size; j++) {
    const column = await of(Float64Array.from({ length: size }, (_, i) => (i === j ? 1 : 0)));
    for (let i = 0; i < size; i++) result.data[i * size + j] = column[i];
  }
  return result;
}

test("the product with the precision is that with all its entries", async () => {
  const { design, prior, size } = denseOracle(model, theta);
  // The oracle has the factors in the model's order, the structure has the largest first.
  const places = model.factors.flatMap(({ numLevels, effects }, factor) =>
    Array.from({ length: numLevels * effects.length }, (_, at) => structure.offsets[factor] + at),
  );
  for (let d = 0; d < model.numFixed; d++) places.push(structure.fixedAt + d);
  const found = await matrixOf(multiply);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      let sum = prior.data[i * size + j];
      for (let n = 0; n < model.numRows; n++)
        sum += parts.scale * model.weights![n] * design.data[n * size + i] * design.data[n * size + j];
      expect(found.data[places[i] * size + places[j]]).toBeCloseTo(sum, 8);
    }
});

describe("the factor without a dense rest", () => {
  const factor = new NearFactor(model, structure);

  test("is one L in all that it does, and solves with A itself", async () => {
    await factor.factorise(parts);
    const [x, y] = [vector(), vector()];
    const [lower, upper] = [x.slice(), y.slice()];
    await factor.solveLower(lower);
    await factor.solveUpper(upper);
    expect(dot(lower, y)).toBeCloseTo(dot(x, upper), 10);
    factor.multiplyUpper(upper);
    for (const [at, value] of upper.entries()) expect(value).toBeCloseTo(y[at], 10);
    const solution = x.slice();
    await factor.solve(solution);
    const left = multiply(solution).map((value, at) => value - x[at]);
    await factor.solveLower(left);
    // A hundredth of the length in the norm of A⁻¹, as Newton's method needs it.
    expect(Math.sqrt(dot(left, left) / dot(lower, lower))).toBeLessThan(0.02);
  });

  test("leaves eigenvalues within the spread that it tells, which is less than that of the blocks alone", async () => {
    await factor.factorise(parts);
    const whitened = await matrixOf(async (x) => {
      await factor.solveUpper(x);
      const image = multiply(x);
      await factor.solveLower(image);
      return image;
    });
    const { values } = symmetricEigen(whitened);
    expect(values[0]).toBeGreaterThan(factor.spread[0] - 0.05);
    expect(values.at(-1)).toBeLessThan(factor.spread[1] + 0.05);
    expect(values[0]).toBeGreaterThan(0.6);
    expect(values.at(-1)).toBeLessThan(1.5);
  });
});

test("trajectories whitened by it have the law of those whitened by the dense factor", {
  timeout: 120_000,
}, async () => {
  const rows = simulateCrossed({ family: "bernoulli", numRows: 70, levels: [8, 5], theta: [0, -0.5] });
  const engine = await createInlineEngine();
  const potential = new Potential(engine, rows.model, crossedStructure(rows.model));
  const start = new Float64Array(potential.structure.numUnknowns);
  const near = new NearFactor(rows.model, potential.structure);
  const reference = await findReferenceLaw(potential, near, rows.layout, { theta: rows.theta, start });
  const tuning = { reference, step: 0.6, moves: new Float64Array(2).fill(0.7) };
  const state = { unknowns: reference.center, theta: rows.theta };
  const chain = new EffectChain(potential, rows.layout, tuning, state, createRandom(3, 0, 6));
  const found: number[][] = [];
  for (let iteration = 0; iteration < 8000; iteration++) {
    await chain.iterate();
    if (iteration >= 200) found.push([...chain.unknowns.subarray(potential.structure.fixedAt), ...chain.theta]);
  }
  const expected = await crossedPosterior(engine, rows.model, { chains: 4, draws: 2000, seed: 8 });
  for (const [at, values] of columnsOf(expected.draws, 4).entries()) {
    // log τ has a long tail to the left.
    const bent = (value: number) => (at < 2 ? value : Math.log1p(Math.exp(value)));
    const [left, right] = [found.map((draw) => bent(draw[at])), values.map(bent)];
    expect(Math.abs(mean(left) - mean(right))).toBeLessThan(4 * Math.hypot(errorOf(left), errorOf(right)));
    const squares = (own: number[]) => own.map((value) => (value - mean(right)) ** 2);
    const [spreadLeft, spreadRight] = [squares(left), squares(right)];
    expect(Math.abs(mean(spreadLeft) - mean(spreadRight))).toBeLessThan(
      4.5 * Math.hypot(errorOf(spreadLeft), errorOf(spreadRight)),
    );
  }
});
