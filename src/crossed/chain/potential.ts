import { CrossedRows } from "../../engine/bindings/crossed-pass.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import { effectPrecisions, sigmaOf, type Term, tauOf, type VarianceLayout } from "../variances.ts";
import { rowCurvatures } from "./row-curvatures.ts";

/** What U has from the variance parameters: Σ_t⁻¹ by factor, q × q, s and the τ that f depends on. */
export interface PotentialParts {
  readonly precisions: readonly Matrix[];
  readonly scale: number;
  readonly tau: readonly number[];
}

export function potentialParts(model: CrossedModel, layout: VarianceLayout, theta: Float64Array): PotentialParts {
  return {
    precisions: effectPrecisions(model, layout, theta),
    scale: lossScale(model, layout, theta),
    tau: tauOf(layout, theta),
  };
}

/** s */
export function lossScale({ family }: CrossedModel, layout: VarianceLayout, theta: ArrayLike<number>): number {
  return family === "gaussian" ? 1 / sigmaOf(layout, theta) ** 2 : 1;
}

/**
 * U(u) = s Σ w f(η, τ) + ½ Σ_j b_jᵀ Σ⁻¹ b_j + ½ Σ_d P_d (β_d − m_d)², u = (b, β): −log of the density of all unknowns given the
 * variance parameters, up to a constant of these. s is 1/σ² for gaussian rows, whose f = ½ (y − η)², and 1 for others.
 */
export class Potential {
  readonly #rows: CrossedRows;

  constructor(
    engine: Engine,
    readonly model: CrossedModel,
    readonly structure: CrossedStructure,
  ) {
    const { offsets, numUnknowns, fixedAt } = structure;
    const factors = model.factors.map((factor, index) => ({ ...factor, firstUnknown: offsets[index] }));
    this.#rows = new CrossedRows(engine, { ...model, factors, numUnknowns, fixedAt });
  }

  /** Σ w f */
  rowLoss(unknowns: Float64Array, tau: readonly number[]): Promise<number> {
    return this.#rows.sum(unknowns, tau, { loss: true });
  }

  /** w ∂²f/∂η² of each row, or what stands for it where that may be negative, at the unknowns of the last call. */
  curvatures(tau: readonly number[]): Float64Array {
    return rowCurvatures(this.model, this.#rows.eta, tau);
  }

  /** ½ Σ_j b_jᵀ Σ⁻¹ b_j and β's part. @param precisions by factor, q × q */
  priorLoss(unknowns: Float64Array, precisions: readonly Matrix[]): number {
    const { priorMean, priorPrecision } = this.model;
    let sum = 0;
    this.#eachLevel(precisions, (at, q, { data }) => {
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++) sum += data[a * q + b] * unknowns[at + a] * unknowns[at + b];
    });
    for (const [d, precision] of priorPrecision.entries())
      sum += precision * (unknowns[this.structure.fixedAt + d] - priorMean[d]) ** 2;
    return 0.5 * sum;
  }

  /** ∂U/∂u */
  async slope(unknowns: Float64Array, { precisions, scale, tau }: PotentialParts): Promise<Float64Array> {
    const slope = new Float64Array(unknowns.length);
    await this.#rows.sum(unknowns, tau, { loss: false, gradient: slope });
    if (scale !== 1) for (let at = 0; at < slope.length; at++) slope[at] *= scale;
    this.#eachLevel(precisions, (at, q, { data }) => {
      for (let a = 0; a < q; a++) for (let b = 0; b < q; b++) slope[at + a] += data[a * q + b] * unknowns[at + b];
    });
    const { priorMean, priorPrecision } = this.model;
    const { fixedAt } = this.structure;
    for (const [d, precision] of priorPrecision.entries())
      slope[fixedAt + d] += precision * (unknowns[fixedAt + d] - priorMean[d]);
    return slope;
  }

  /** Σ_j b_j b_jᵀ of one term, q × q. */
  products({ factor, firstEffect, numEffects, numLevels }: Term, unknowns: Float64Array): Float64Array {
    const width = this.model.factors[factor].effects.length;
    const products = new Float64Array(numEffects ** 2);
    let at = this.structure.offsets[factor] + firstEffect;
    for (let level = 0; level < numLevels; level++, at += width)
      for (let a = 0; a < numEffects; a++)
        for (let b = 0; b < numEffects; b++) products[a * numEffects + b] += unknowns[at + a] * unknowns[at + b];
    return products;
  }

  /** b_j ← M b_j, or Mᵀ b_j, for each level of one term. */
  transformEffects(
    { factor, firstEffect, numEffects: q, numLevels }: Term,
    m: Matrix,
    unknowns: Float64Array,
    isTransposed = false,
  ) {
    const width = this.model.factors[factor].effects.length;
    const old = new Float64Array(q);
    let at = this.structure.offsets[factor] + firstEffect;
    for (let level = 0; level < numLevels; level++, at += width) {
      for (let a = 0; a < q; a++) old[a] = unknowns[at + a];
      for (let a = 0; a < q; a++) {
        let sum = 0;
        for (let b = 0; b < q; b++) sum += (isTransposed ? m.data[b * q + a] : m.data[a * q + b]) * old[b];
        unknowns[at + a] = sum;
      }
    }
  }

  #eachLevel(precisions: readonly Matrix[], visit: (at: number, q: number, precision: Matrix) => void): void {
    for (const [factor, { numLevels, effects }] of this.model.factors.entries()) {
      const q = effects.length;
      for (let level = 0, at = this.structure.offsets[factor]; level < numLevels; level++, at += q)
        visit(at, q, precisions[factor]);
    }
  }
}
