import { invertLower, invertPositiveDefinite } from "../../linalg/cholesky.ts";
import { matrix } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import type { Elimination } from "./elimination.ts";
import type { PrecisionFactor } from "./precision-factor.ts";
import { multiplyPrecision } from "./precision-product.ts";
import type { PrecisionParts } from "./rest-matrix.ts";

/** Unknowns of the rest up to which the inverse is computed in full. */
const largestInverse = 1500;
const numDraws = 96;

/**
 * The covariances of the effects of each level, by factor of the model q × q for each level: the blocks on the diagonal of A⁻¹.
 * Exact where the rest is small. Otherwise by 96 draws of N(0, A⁻¹), always the same, and only for what the other unknowns
 * add to a level's own (A_jj)⁻¹: with a share s of the variance, a relative error of 0.15 s a level.
 */
export function levelCovariances(
  factor: PrecisionFactor,
  model: CrossedModel,
  structure: CrossedStructure,
  parts: PrecisionParts,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const isSmall = structure.numUnknowns - structure.restAt <= largestInverse;
  return isSmall ? fromInverse(factor, model, structure, signal) : fromDraws(factor, model, structure, parts, signal);
}

/**
 * With W = L_S⁻¹, whose rows w come one by one, the rest's covariance is Σ wᵀw, and the eliminated levels' is
 * (l_j l_jᵀ)⁻¹ + Σ (M_j wᵀ)(M_j wᵀ)ᵀ, M_j = l_j⁻ᵀ U_j. n³/3 multiplications, and n times what U_j holds.
 */
async function fromInverse(
  { dense, elimination }: PrecisionFactor,
  { factors }: CrossedModel,
  { order, restAt, offsets }: CrossedStructure,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const covariances = factors.map(({ numLevels, effects }) => new Float64Array(numLevels * effects.length ** 2));
  const inverses = blockInverses(elimination, covariances[order[0]]);
  const through = meetsThrough(elimination, inverses);
  await dense.eachInverseRows(
    (_, rows) => {
      for (const factor of order.slice(1))
        addOuterProducts(covariances[factor], rows, offsets[factor] - restAt, factors[factor].effects.length);
      addThroughRest(elimination, covariances[order[0]], through, rows);
    },
    { signal },
  );
  return covariances;
}

/**
 * For x = L⁻ᵀ z the mean of x_j given all else is x_j − A_jj⁻¹ (A x)_j; its covariance is what all else adds to
 * A_jj⁻¹ (Rao & Blackwell).
 */
async function fromDraws(
  factor: PrecisionFactor,
  model: CrossedModel,
  structure: CrossedStructure,
  parts: PrecisionParts,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const { factors } = model;
  const { offsets } = structure;
  const { equations, scale, precisions } = parts;
  const own = factors.map(({ numLevels, effects: { length: q } }, f) => {
    const inverses = new Float64Array(numLevels * q * q);
    for (let at = 0; at < inverses.length; at += q * q) {
      const block = matrix(q, q);
      for (let k = 0; k < q * q; k++) block.data[k] = scale * equations.own[f][at + k] + precisions[f].data[k];
      inverses.set(invertPositiveDefinite(block).data, at);
    }
    return inverses;
  });
  const covariances = own.map((inverses) => inverses.slice());
  const random = createRandom(0, 0, 2);
  for (let draw = 0; draw < numDraws; draw++) {
    signal?.throwIfAborted();
    const x = Float64Array.from({ length: structure.numUnknowns }, () => random.normal());
    await factor.solveUpper(x);
    const image = multiplyPrecision(model, structure, parts, x);
    for (const [f, { numLevels, effects }] of factors.entries()) {
      const q = effects.length;
      const means = new Float64Array(q);
      for (let level = 0, from = offsets[f]; level < numLevels; level++, from += q) {
        for (let a = 0; a < q; a++) {
          means[a] = x[from + a];
          for (let b = 0; b < q; b++) means[a] -= own[f][(level * q + a) * q + b] * image[from + b];
        }
        for (let a = 0; a < q; a++)
          for (let b = 0; b < q; b++) covariances[f][(level * q + a) * q + b] += (means[a] * means[b]) / numDraws;
      }
    }
  }
  return covariances;
}

/** (l_j l_jᵀ)⁻¹ written to `covariances`; returns all l_j⁻¹. */
function blockInverses({ blocks, numEffects: q }: Elimination, covariances: Float64Array): Float64Array {
  const inverses = new Float64Array(blocks.length);
  for (let from = 0; from < inverses.length; from += q * q) {
    const { data } = invertLower(matrix(q, q, blocks.slice(from, from + q * q)));
    inverses.set(data, from);
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++)
        for (let k = Math.max(a, b); k < q; k++) covariances[from + a * q + b] += data[k * q + a] * data[k * q + b];
  }
  return inverses;
}

/** M_j = l_j⁻ᵀ U_j of every level. */
function meetsThrough({ numEffects: q, meets, meetsAt, numLevels }: Elimination, inverses: Float64Array): Float64Array {
  const through = new Float64Array(meets.length);
  for (let level = 0; level < numLevels; level++) {
    const from = meetsAt[level];
    const width = (meetsAt[level + 1] - from) / q;
    for (let c = 0; c < q; c++)
      for (let k = c; k < q; k++) {
        const factor = inverses[level * q * q + k * q + c];
        for (let a = 0; a < width; a++) through[from + c * width + a] += factor * meets[from + k * width + a];
      }
  }
  return through;
}

function addThroughRest(
  elimination: Elimination,
  covariances: Float64Array,
  through: Float64Array,
  rows: Float64Array,
): void {
  const { numEffects: q, positions, numLevels, meetsAt } = elimination;
  const end = rows.length / 8;
  const products = new Float64Array(8 * q);
  for (let level = 0; level < numLevels; level++) {
    const width = elimination.loadPositions(level);
    products.fill(0);
    for (let c = 0; c < q; c++) {
      const from = meetsAt[level] + c * width;
      // Positions ascend, and the rows end at `end`.
      for (let a = 0; a < width && positions[a] < end; a++) {
        const value = through[from + a];
        const at = 8 * positions[a];
        for (let r = 0; r < 8; r++) products[8 * c + r] += value * rows[at + r];
      }
    }
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++) {
        let sum = 0;
        for (let r = 0; r < 8; r++) sum += products[8 * a + r] * products[8 * b + r];
        covariances[(level * q + a) * q + b] += sum;
      }
  }
}

/** Adds the products of q columns next to one another to each level's q × q, over eight rows as `eachInverseRows` gives them. */
function addOuterProducts(covariances: Float64Array, rows: Float64Array, from: number, q: number): void {
  const numLevels = covariances.length / (q * q);
  const reached = Math.floor(rows.length / 8);
  for (let level = 0; level < numLevels && from + level * q < reached; level++)
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++) {
        const [left, right] = [8 * (from + level * q + a), 8 * (from + level * q + b)];
        if (Math.max(left, right) >= rows.length) continue;
        let sum = 0;
        for (let r = 0; r < 8; r++) sum += rows[left + r] * rows[right + r];
        covariances[(level * q + a) * q + b] += sum;
      }
}
