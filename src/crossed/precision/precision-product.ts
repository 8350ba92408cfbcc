import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import type { PrecisionParts } from "./rest-matrix.ts";

/** A u for A = scale CᵀWC + Λ, by the blocks of CᵀWC that are not zero: as many multiplications as there are cells. */
export function multiplyPrecision(
  model: CrossedModel,
  structure: CrossedStructure,
  parts: PrecisionParts,
  u: Float64Array,
): Float64Array {
  const result = new Float64Array(u.length);
  addOwnBlocks(model, structure, parts, u, result);
  addFixedBlock(model, structure, parts, u, result);
  addSupport(model, structure, parts, u, result);
  addCells(model, structure, parts, u, result);
  return result;
}

/** The levels' own blocks, and what they have in common with β. */
function addOwnBlocks(
  { factors, numFixed }: CrossedModel,
  { offsets, fixedAt }: CrossedStructure,
  { equations, scale, precisions }: PrecisionParts,
  u: Float64Array,
  result: Float64Array,
): void {
  for (const [factor, { numLevels, effects }] of factors.entries()) {
    const q = effects.length;
    const own = equations.own[factor];
    const withFixed = equations.withFixed[factor];
    const precision = precisions[factor].data;
    for (let level = 0, at = offsets[factor]; level < numLevels; level++, at += q)
      for (let a = 0; a < q; a++) {
        let sum = 0;
        for (let b = 0; b < q; b++) sum += (scale * own[(level * q + a) * q + b] + precision[a * q + b]) * u[at + b];
        const value = scale * u[at + a];
        for (let d = 0, entry = (level * q + a) * numFixed; d < numFixed; d++, entry++) {
          sum += scale * withFixed[entry] * u[fixedAt + d];
          result[fixedAt + d] += withFixed[entry] * value;
        }
        result[at + a] += sum;
      }
  }
}

function addFixedBlock(
  { numFixed, priorPrecision }: CrossedModel,
  { fixedAt }: CrossedStructure,
  { equations, scale }: PrecisionParts,
  u: Float64Array,
  result: Float64Array,
): void {
  for (let i = 0; i < numFixed; i++) {
    result[fixedAt + i] += priorPrecision[i] * u[fixedAt + i];
    for (let j = 0; j < numFixed; j++)
      result[fixedAt + i] += scale * equations.fixed[Math.max(i, j) * numFixed + Math.min(i, j)] * u[fixedAt + j];
  }
}

/** The eliminated factor's levels with all other factors'. */
function addSupport(
  { factors }: CrossedModel,
  { order, restAt, support: { start, unknowns } }: CrossedStructure,
  { equations, scale }: PrecisionParts,
  u: Float64Array,
  result: Float64Array,
): void {
  const { numLevels, effects } = factors[order[0]];
  const q = effects.length;
  for (let level = 0; level < numLevels; level++)
    for (let c = 0, entry = q * start[level]; c < q; c++) {
      const at = level * q + c;
      const value = scale * u[at];
      let sum = 0;
      for (let k = start[level]; k < start[level + 1]; k++, entry++) {
        const other = restAt + unknowns[k];
        sum += equations.support[entry] * u[other];
        result[other] += equations.support[entry] * value;
      }
      result[at] += scale * sum;
    }
}

/** The other factors' levels with one another. */
function addCells(
  { factors }: CrossedModel,
  { offsets, pairs }: CrossedStructure,
  { equations, scale }: PrecisionParts,
  u: Float64Array,
  result: Float64Array,
): void {
  for (const [index, { first, second, firstLevel, secondLevel }] of pairs.entries()) {
    const [p, q] = [factors[first].effects.length, factors[second].effects.length];
    const cells = equations.cells[index];
    for (let cell = 0, entry = 0; cell < firstLevel.length; cell++)
      for (let a = 0; a < p; a++)
        for (let b = 0; b < q; b++, entry++) {
          const left = offsets[first] + firstLevel[cell] * p + a;
          const right = offsets[second] + secondLevel[cell] * q + b;
          result[left] += scale * cells[entry] * u[right];
          result[right] += scale * cells[entry] * u[left];
        }
  }
}
