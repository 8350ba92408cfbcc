import { invertLower } from "../../linalg/cholesky.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import { conjugateGradients } from "../precision/conjugate-gradients.ts";
import { transposedProduct } from "../precision/normal-equations.ts";
import { multiplyPrecision } from "../precision/precision-product.ts";
import { scaleFactor, sigmaOf } from "../variances.ts";
import type { GaussianMarginal } from "./gaussian-marginal.ts";

/** What is left of the error, as a share of the draw's length, both in posterior sds. */
const wantedAccuracy = 1e-4;
/**
 * Joint draws of all effects and β given θ and gaussian rows: the solution of
 * A u = CᵀWy/σ² + P m + CᵀW^½ ε₁/σ + Λ^½ ε₂, whose mean is the posterior's and whose covariance is A⁻¹ A A⁻¹. Solved by conjugate
 * gradients with the factor at another θ near by for preconditioner: three to five iterations.
 * Source: Papandreou & Yuille (2010).
 */
export class EffectDraws {
  /** @param marginal its factor is the preconditioner, and must not be computed anew while draws are made */
  constructor(private readonly marginal: GaussianMarginal) {}

  drawAt(theta: Float64Array, random: Xoshiro): Promise<Float64Array> {
    const { model, layout, structure, factor } = this.marginal;
    const parts = this.marginal.partsAt(theta);
    return conjugateGradients(this.#perturbed(theta, sigmaOf(layout, theta), random), {
      multiply: (u) => multiplyPrecision(model, structure, parts, u),
      precondition: (residual) => factor.solve(residual),
      wanted: (start) => wantedAccuracy ** 2 * Math.min(start, structure.numUnknowns),
    });
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
