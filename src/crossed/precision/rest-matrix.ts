import type { Matrix } from "../../linalg/matrix.ts";
import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import type { NormalEquations } from "./normal-equations.ts";

/** What a precision matrix scale CᵀWC + Λ is made of, beside β's prior: Σ_t⁻¹ by factor, q × q. */
export interface PrecisionParts {
  readonly equations: NormalEquations;
  readonly scale: number;
  readonly precisions: readonly Matrix[];
}

/**
 * Writes the part of A that belongs to β and to all factors but the eliminated one into the lower triangle of a dense matrix of
 * zeros.
 */
export function writeRest(
  entries: Float64Array,
  stride: number,
  model: CrossedModel,
  structure: CrossedStructure,
  { equations, scale, precisions }: PrecisionParts,
): void {
  const { factors, numFixed, priorPrecision } = model;
  const { order, offsets, restAt, fixedAt, pairs } = structure;
  const fixedFrom = fixedAt - restAt;
  for (const factor of order.slice(1)) {
    const { numLevels, effects } = factors[factor];
    const q = effects.length;
    const own = equations.own[factor];
    const withFixed = equations.withFixed[factor];
    const precision = precisions[factor].data;
    for (let level = 0; level < numLevels; level++) {
      const from = offsets[factor] - restAt + level * q;
      for (let a = 0; a < q; a++) {
        for (let b = 0; b <= a; b++)
          entries[(from + a) * stride + from + b] = scale * own[level * q * q + a * q + b] + precision[a * q + b];
        for (let d = 0; d < numFixed; d++)
          entries[(fixedFrom + d) * stride + from + a] = scale * withFixed[(level * q + a) * numFixed + d];
      }
    }
  }
  for (const [index, { first, second, firstLevel, secondLevel }] of pairs.entries()) {
    const [p, q] = [factors[first].effects.length, factors[second].effects.length];
    const cells = equations.cells[index];
    for (let cell = 0; cell < firstLevel.length; cell++)
      for (let a = 0; a < p; a++)
        for (let b = 0; b < q; b++) {
          // The second factor stands after the first in the order of the unknowns.
          const row = offsets[second] - restAt + secondLevel[cell] * q + b;
          entries[row * stride + offsets[first] - restAt + firstLevel[cell] * p + a] =
            scale * cells[(cell * p + a) * q + b];
        }
  }
  for (let i = 0; i < numFixed; i++) {
    for (let j = 0; j <= i; j++)
      entries[(fixedFrom + i) * stride + fixedFrom + j] = scale * equations.fixed[i * numFixed + j];
    entries[(fixedFrom + i) * (stride + 1)] += priorPrecision[i];
  }
}
