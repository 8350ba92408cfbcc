import { cholesky } from "../../linalg/cholesky.ts";
import { matrix } from "../../linalg/matrix.ts";
import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import type { PrecisionParts } from "./rest-matrix.ts";

/**
 * The rows of the Cholesky factor that belong to the eliminated factor's levels: with A_jj = l_j l_jᵀ and U_j = l_j⁻¹ A_j,rest the Schur
 * complement of all of them is A_rest − Σ_j U_jᵀ U_j.
 */
export class Elimination {
  readonly numLevels: number;
  /** q */
  readonly numEffects: number;
  /** l_j, q × q by level. */
  readonly blocks: Float64Array;
  /** U_j, q × (m_j + D) for the m_j effects that level j meets, from `meetsAt[j]` on. */
  readonly meets: Float64Array;
  readonly meetsAt: Float64Array;
  /** Where the columns of the U_j loaded last stand among the rest's unknowns, ascending. */
  readonly positions: Uint32Array;
  readonly #reach: Reach;

  constructor(
    private readonly model: CrossedModel,
    private readonly structure: CrossedStructure,
  ) {
    const { order, support, numUnknowns, restAt } = structure;
    const { numLevels, effects } = model.factors[order[0]];
    this.numLevels = numLevels;
    this.numEffects = effects.length;
    this.blocks = new Float64Array(numLevels * effects.length ** 2);
    this.meetsAt = support.start.map((start, level) => effects.length * (start + level * model.numFixed));
    this.meets = new Float64Array(this.meetsAt[numLevels]);
    this.positions = new Uint32Array(numUnknowns - restAt);
    this.#reach = reachOf(structure);
  }

  /** The unknowns of the rest that U_j reaches; returns how many. */
  loadPositions(level: number): number {
    const { support, restAt, fixedAt } = this.structure;
    const [from, to] = [support.start[level], support.start[level + 1]];
    const positions = this.positions;
    let width = 0;
    for (let at = from; at < to; at++) positions[width++] = support.unknowns[at];
    for (let d = 0; d < this.model.numFixed; d++) positions[width++] = fixedAt - restAt + d;
    return width;
  }

  /**
   * l_j and U_j for every level, and U_jᵀ U_j off the rest's lower triangle.
   * @throws NotPositiveDefiniteError
   */
  eliminate(entries: Float64Array, stride: number, { equations, scale, precisions }: PrecisionParts): void {
    const q = this.numEffects;
    const { data: precision } = precisions[this.structure.order[0]];
    const { numFixed } = this.model;
    const { order, support } = this.structure;
    const own = equations.own[order[0]];
    const withFixed = equations.withFixed[order[0]];
    const meets = this.meets;
    const block = matrix(q, q);
    for (let level = 0; level < this.numLevels; level++) {
      for (let at = 0; at < q * q; at++) block.data[at] = scale * own[level * q * q + at] + precision[at];
      const { data: factor } = cholesky(block);
      this.blocks.set(factor, level * q * q);
      const met = support.start[level + 1] - support.start[level];
      const width = this.loadPositions(level);
      const from = this.meetsAt[level];
      for (let c = 0; c < q; c++) {
        const row = from + c * width;
        const values = q * support.start[level] + c * met;
        for (let a = 0; a < met; a++) meets[row + a] = scale * equations.support[values + a];
        for (let d = 0; d < numFixed; d++) meets[row + met + d] = scale * withFixed[(level * q + c) * numFixed + d];
        for (let k = 0; k < c; k++)
          for (let a = 0; a < width; a++) meets[row + a] -= factor[c * q + k] * meets[from + k * width + a];
        const inverse = 1 / factor[c * q + c];
        for (let a = 0; a < width; a++) meets[row + a] *= inverse;
      }
    }
    this.#subtractMeets(entries, stride);
  }

  /** Σ_j U_jᵀ U_j off the rest, one of its rows after the other, which stays in the cache while all levels that reach it pass. */
  #subtractMeets(entries: Float64Array, stride: number): void {
    const { start } = this.structure.support;
    const { atUnknown, levels, places } = this.#reach;
    const numMet = atUnknown.length - 1;
    for (let unknown = 0; unknown < numMet; unknown++) {
      const row = entries.subarray(unknown * stride, unknown * stride + unknown + 1);
      for (let k = atUnknown[unknown]; k < atUnknown[unknown + 1]; k++) this.#subtractMeet(row, levels[k], places[k]);
    }
    for (let d = 0; d < this.model.numFixed; d++) {
      const row = entries.subarray((numMet + d) * stride, (numMet + d) * (stride + 1) + 1);
      for (let level = 0; level < this.numLevels; level++)
        this.#subtractMeet(row, level, start[level + 1] - start[level] + d);
    }
  }

  /** One level's share of one row of the rest: that of the unknown at `place` among those that U_j reaches. */
  #subtractMeet(row: Float64Array, level: number, place: number): void {
    const { numEffects: q, meets } = this;
    const { start, unknowns } = this.structure.support;
    const first = start[level];
    const met = start[level + 1] - first;
    const numMet = this.#reach.atUnknown.length - 1;
    const ofEffects = Math.min(met, place + 1);
    for (let c = 0, from = this.meetsAt[level]; c < q; c++, from += met + this.model.numFixed) {
      const value = meets[from + place];
      for (let b = 0; b < ofEffects; b++) row[unknowns[first + b]] -= value * meets[from + b];
      for (let b = met; b <= place; b++) row[numMet + b - met] -= value * meets[from + b];
    }
  }

  logDeterminant(): number {
    let sum = 0;
    for (let level = 0, at = 0; level < this.numLevels; level++, at += this.numEffects ** 2)
      for (let c = 0; c < this.numEffects; c++) sum += 2 * Math.log(this.blocks[at + c * (this.numEffects + 1)]);
    return sum;
  }

  /** x_j ← l_j⁻¹ x_j, and U_jᵀ x_j off the rest. */
  solveLower(x: Float64Array, rest: Float64Array): void {
    const { numEffects: q, blocks, meets, positions } = this;
    for (let level = 0; level < this.numLevels; level++) {
      const width = this.loadPositions(level);
      for (let c = 0; c < q; c++) {
        const row = level * q * q + c * q;
        let sum = x[level * q + c];
        for (let k = 0; k < c; k++) sum -= blocks[row + k] * x[level * q + k];
        sum /= blocks[row + c];
        x[level * q + c] = sum;
        for (let a = 0, at = this.meetsAt[level] + c * width; a < width; a++) rest[positions[a]] -= meets[at + a] * sum;
      }
    }
  }

  /** x_j ← l_j⁻ᵀ (x_j − U_j rest) */
  solveUpper(x: Float64Array, rest: Float64Array): void {
    const { numEffects: q, blocks, meets, positions } = this;
    for (let level = 0; level < this.numLevels; level++) {
      const width = this.loadPositions(level);
      for (let c = q - 1; c >= 0; c--) {
        let sum = x[level * q + c];
        for (let a = 0, at = this.meetsAt[level] + c * width; a < width; a++) sum -= meets[at + a] * rest[positions[a]];
        for (let k = c + 1; k < q; k++) sum -= blocks[level * q * q + k * q + c] * x[level * q + k];
        x[level * q + c] = sum / blocks[level * q * q + c * (q + 1)];
      }
    }
  }

  /** x_j ← l_jᵀ x_j + U_j rest */
  multiplyUpper(x: Float64Array, rest: Float64Array): void {
    const { numEffects: q, blocks, meets, positions } = this;
    for (let level = 0; level < this.numLevels; level++) {
      const width = this.loadPositions(level);
      for (let c = 0; c < q; c++) {
        let sum = 0;
        for (let k = c; k < q; k++) sum += blocks[level * q * q + k * q + c] * x[level * q + k];
        for (let a = 0, at = this.meetsAt[level] + c * width; a < width; a++) sum += meets[at + a] * rest[positions[a]];
        x[level * q + c] = sum;
      }
    }
  }
}

/** The support the other way round: which levels reach each of the rest's effects, from `atUnknown[k]` on. */
interface Reach {
  readonly atUnknown: Float64Array;
  readonly levels: Uint32Array;
  /** Where the unknown stands in the level's support. */
  readonly places: Uint32Array;
}

function reachOf({ restAt, fixedAt, support: { start, unknowns } }: CrossedStructure): Reach {
  const atUnknown = new Float64Array(fixedAt - restAt + 1);
  for (const unknown of unknowns) atUnknown[unknown + 1]++;
  for (let unknown = 0; unknown < fixedAt - restAt; unknown++) atUnknown[unknown + 1] += atUnknown[unknown];
  const next = atUnknown.slice(0, -1);
  const [levels, places] = [new Uint32Array(unknowns.length), new Uint32Array(unknowns.length)];
  for (let level = 0; level < start.length - 1; level++)
    for (let k = start[level]; k < start[level + 1]; k++) {
      const at = next[unknowns[k]]++;
      levels[at] = level;
      places[at] = k - start[level];
    }
  return { atUnknown, levels, places };
}
