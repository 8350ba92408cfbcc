import { CrossedRows } from "../engine/bindings/crossed-pass.ts";
import type { Engine } from "../engine/engine.ts";
import { invertLower } from "../linalg/cholesky.ts";
import { dot, type Matrix } from "../linalg/matrix.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import type { GaussianMarginal } from "./gaussian-marginal.ts";
import { transposedProduct } from "./normal-equations.ts";
import { effectPrecisions, scaleFactor, sigmaOf } from "./variances.ts";

/** What is left of the error, as a share of the draw's length, both in posterior sds. */
const wantedAccuracy = 1e-4;
const mostIterations = 200;

/**
 * Joint draws of all effects and β given θ and gaussian rows: the solution of
 * A u = CᵀWy/σ² + P m + CᵀW^½ ε₁/σ + Λ^½ ε₂, whose mean is the posterior's and whose covariance is A⁻¹ A A⁻¹. Solved by conjugate
 * gradients with the factor at another θ near by for preconditioner: three to five iterations, each with one pass over the rows.
 * Source: Papandreou & Yuille (2010).
 */
export class EffectDraws {
  readonly #rows: CrossedRows;

  /** @param marginal its factor is the preconditioner, and must not be computed anew while draws are made */
  constructor(
    engine: Engine,
    private readonly marginal: GaussianMarginal,
  ) {
    const { model, structure } = marginal;
    const { offsets, numUnknowns, fixedAt } = structure;
    const factors = model.factors.map((factor, index) => ({ ...factor, firstUnknown: offsets[index] }));
    // With a target and an offset of 0 the gradient of ½ Σ w η² at u is CᵀWC u.
    const y = new Float64Array(model.numRows);
    this.#rows = new CrossedRows(engine, { ...model, y, offset: undefined, factors, numUnknowns, fixedAt });
  }

  async drawAt(theta: Float64Array, random: Xoshiro): Promise<Float64Array> {
    const { model, layout, structure, factor } = this.marginal;
    const sigma = sigmaOf(layout, theta);
    const precisions = effectPrecisions(model, layout, theta);
    const multiply = (u: Float64Array) => this.#multiply(u, sigma, precisions);
    const right = this.#perturbed(theta, sigma, random);
    const unknowns = new Float64Array(structure.numUnknowns);
    const residual = right;
    const solved = async () => {
      const result = residual.slice();
      await factor.solveLower(result);
      await factor.solveUpper(result);
      return result;
    };
    let conditioned = await solved();
    let product = dot(residual, conditioned);
    const wanted = wantedAccuracy ** 2 * Math.min(product, structure.numUnknowns);
    const direction = conditioned.slice();
    for (let iteration = 0; iteration < mostIterations && product > wanted; iteration++) {
      const image = await multiply(direction);
      const length = product / dot(direction, image);
      for (let at = 0; at < unknowns.length; at++) {
        unknowns[at] += length * direction[at];
        residual[at] -= length * image[at];
      }
      conditioned = await solved();
      const next = dot(residual, conditioned);
      for (let at = 0; at < direction.length; at++) direction[at] = conditioned[at] + (next / product) * direction[at];
      product = next;
    }
    return unknowns;
  }

  /** A u */
  async #multiply(u: Float64Array, sigma: number, precisions: readonly Matrix[]): Promise<Float64Array> {
    const { model, structure } = this.marginal;
    const result = new Float64Array(u.length);
    await this.#rows.sum(u, { loss: false, gradient: result });
    for (let at = 0; at < result.length; at++) result[at] /= sigma ** 2;
    for (const [factor, { numLevels, effects }] of model.factors.entries()) {
      const q = effects.length;
      const { data } = precisions[factor];
      for (let level = 0, at = structure.offsets[factor]; level < numLevels; level++, at += q)
        for (let a = 0; a < q; a++) for (let b = 0; b < q; b++) result[at + a] += data[a * q + b] * u[at + b];
    }
    for (const [d, precision] of model.priorPrecision.entries())
      result[structure.fixedAt + d] += precision * u[structure.fixedAt + d];
    return result;
  }

  /** The right side, with its noise. */
  #perturbed(theta: Float64Array, sigma: number, random: Xoshiro): Float64Array {
    const { model, structure, layout } = this.marginal;
    const { weights, numRows, priorPrecision } = model;
    const noise = new Float64Array(numRows);
    for (let row = 0; row < numRows; row++)
      noise[row] = (Math.sqrt(weights ? weights[row] : 1) / sigma) * random.normal();
    const right = transposedProduct(model, structure, noise);
    const mean = this.marginal.rightSide(sigma);
    for (let at = 0; at < right.length; at++) right[at] += mean[at];
    for (const term of layout.terms) {
      const q = term.numEffects;
      const { data } = invertLower(scaleFactor(term, theta));
      const width = model.factors[term.factor].effects.length;
      const standard = new Float64Array(q);
      let at = structure.offsets[term.factor] + term.firstEffect;
      for (let level = 0; level < term.numLevels; level++, at += width) {
        for (let a = 0; a < q; a++) standard[a] = random.normal();
        for (let a = 0; a < q; a++) for (let b = a; b < q; b++) right[at + a] += data[b * q + a] * standard[b];
      }
    }
    for (const [d, precision] of priorPrecision.entries())
      right[structure.fixedAt + d] += Math.sqrt(precision) * random.normal();
    return right;
  }
}
