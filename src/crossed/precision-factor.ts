import { DenseFactor } from "../engine/bindings/dense-factor.ts";
import type { Engine } from "../engine/engine.ts";
import { cholesky, invertLower } from "../linalg/cholesky.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import type { CrossedModel } from "./model.ts";
import type { NormalEquations } from "./normal-equations.ts";
import type { CrossedStructure } from "./structure.ts";

/**
 * The Cholesky factor of A = scale CᵀWC + Λ, the precision of all effects and β, Λ block-diagonal over levels with the
 * terms' Σ_t⁻¹ and the precision of β's prior. The eliminated factor's blocks A_jj = l_j l_jᵀ come first; with
 * U_j = l_j⁻¹ A_j,rest the Schur complement is S = A_rest − Σ_j U_jᵀ U_j, which is dense.
 *
 * Cost: Σ_j q (what level j meets)²/2 + n³/3 for n unknowns in the rest.
 */
export class PrecisionFactor {
  readonly #dense: DenseFactor;
  /** By level of the eliminated factor: l_j, q × q, and U_j, q × (m_j + D). */
  readonly #blocks: Float64Array;
  readonly #meets: Float64Array;
  readonly #meetsAt: Float64Array;
  readonly #q: number;
  readonly #numLevels: number;
  /** Where the unknowns of a U_j stand among those of the rest. */
  readonly #positions: Uint32Array;

  constructor(
    engine: Engine,
    private readonly model: CrossedModel,
    private readonly structure: CrossedStructure,
  ) {
    const { factors, numFixed } = model;
    const { order, restAt, numUnknowns, support } = structure;
    this.#dense = new DenseFactor(engine, numUnknowns - restAt);
    const { numLevels, effects } = factors[order[0]];
    this.#q = effects.length;
    this.#numLevels = numLevels;
    this.#blocks = new Float64Array(numLevels * this.#q ** 2);
    this.#meetsAt = support.start.map((start, level) => this.#q * (start + level * numFixed));
    this.#meets = new Float64Array(this.#meetsAt[numLevels]);
    this.#positions = new Uint32Array(numUnknowns - restAt);
  }

  /** @throws NotPositiveDefiniteError */
  async factorise(equations: NormalEquations, scale: number, precisions: readonly Matrix[], signal?: AbortSignal) {
    const entries = this.#dense.clear();
    this.#addRest(entries, equations, scale, precisions);
    this.#eliminate(entries, equations, scale, precisions[this.structure.order[0]]);
    await this.#dense.factorise(signal);
  }

  /** log|A| */
  logDeterminant(): number {
    let sum = 0;
    for (let level = 0, at = 0; level < this.#numLevels; level++, at += this.#q ** 2)
      for (let c = 0; c < this.#q; c++) sum += 2 * Math.log(this.#blocks[at + c * (this.#q + 1)]);
    return sum + this.#dense.logDeterminant();
  }

  /** L⁻¹ b in place, L the factor of the whole. */
  async solveLower(side: Float64Array): Promise<void> {
    const { restAt } = this.structure;
    const [q, blocks, meets, positions] = [this.#q, this.#blocks, this.#meets, this.#positions];
    const rest = side.subarray(restAt);
    for (let level = 0; level < this.#numLevels; level++) {
      const width = this.#loadPositions(level);
      for (let c = 0; c < q; c++) {
        const row = level * q * q + c * q;
        let sum = side[level * q + c];
        for (let k = 0; k < c; k++) sum -= blocks[row + k] * side[level * q + k];
        sum /= blocks[row + c];
        side[level * q + c] = sum;
        for (let a = 0, at = this.#meetsAt[level] + c * width; a < width; a++)
          rest[positions[a]] -= meets[at + a] * sum;
      }
    }
    await this.#dense.solve(rest, false);
  }

  /** L⁻ᵀ b in place. */
  async solveUpper(side: Float64Array): Promise<void> {
    const { restAt } = this.structure;
    const [q, blocks, meets, positions] = [this.#q, this.#blocks, this.#meets, this.#positions];
    const rest = side.subarray(restAt);
    await this.#dense.solve(rest, true);
    for (let level = 0; level < this.#numLevels; level++) {
      const width = this.#loadPositions(level);
      for (let c = q - 1; c >= 0; c--) {
        let sum = side[level * q + c];
        for (let a = 0, at = this.#meetsAt[level] + c * width; a < width; a++)
          sum -= meets[at + a] * rest[positions[a]];
        for (let k = c + 1; k < q; k++) sum -= blocks[level * q * q + k * q + c] * side[level * q + k];
        side[level * q + c] = sum / blocks[level * q * q + c * (q + 1)];
      }
    }
  }

  /** Lᵀ x in place. */
  multiplyUpper(x: Float64Array): void {
    const { restAt } = this.structure;
    const [q, blocks, meets, positions] = [this.#q, this.#blocks, this.#meets, this.#positions];
    const rest = x.subarray(restAt);
    for (let level = 0; level < this.#numLevels; level++) {
      const width = this.#loadPositions(level);
      for (let c = 0; c < q; c++) {
        let sum = 0;
        for (let k = c; k < q; k++) sum += blocks[level * q * q + k * q + c] * x[level * q + k];
        for (let a = 0, at = this.#meetsAt[level] + c * width; a < width; a++)
          sum += meets[at + a] * rest[positions[a]];
        x[level * q + c] = sum;
      }
    }
    this.#dense.multiplyTransposed(rest);
  }

  /** The lower right D × D corner of L: its inverse's inner product is the covariance of β. */
  fixedCorner(): Matrix {
    const { numFixed } = this.model;
    const { stride, size } = this.#dense;
    const entries = this.#dense.entries();
    const corner = matrix(numFixed, numFixed);
    for (let i = 0; i < numFixed; i++)
      for (let j = 0; j <= i; j++)
        corner.data[i * numFixed + j] = entries[(size - numFixed + i) * stride + size - numFixed + j];
    return corner;
  }

  /**
   * The covariances of the effects of one level, by factor of the model q × q for each level: the blocks on the diagonal of
   * A⁻¹. With W = L_S⁻¹, whose rows w come one by one, the rest's covariance is Σ wᵀw, and the eliminated levels' is
   * (l_j l_jᵀ)⁻¹ + Σ (M_j wᵀ)(M_j wᵀ)ᵀ, M_j = l_j⁻ᵀ U_j. n³/3 multiplications, and n times what U_j holds.
   */
  async levelCovariances(signal?: AbortSignal): Promise<Float64Array[]> {
    const { factors } = this.model;
    const { order, restAt, offsets } = this.structure;
    const covariances = factors.map(({ numLevels, effects }) => new Float64Array(numLevels * effects.length ** 2));
    const inverses = this.#blockInverses(covariances[order[0]]);
    const through = this.#meetsThrough(inverses);
    await this.#dense.eachInverseRows(
      (first, rows) => {
        for (const factor of order.slice(1))
          addOuterProducts(covariances[factor], rows, offsets[factor] - restAt, factors[factor].effects.length);
        this.#addThroughRest(covariances[order[0]], through, rows, first);
      },
      { signal },
    );
    return covariances;
  }

  /** The unknowns of the rest that U_j reaches; returns how many. */
  #loadPositions(level: number): number {
    const { support, restAt, fixedAt } = this.structure;
    const [from, to] = [support.start[level], support.start[level + 1]];
    const positions = this.#positions;
    let width = 0;
    for (let at = from; at < to; at++) positions[width++] = support.unknowns[at];
    for (let d = 0; d < this.model.numFixed; d++) positions[width++] = fixedAt - restAt + d;
    return width;
  }

  /** The other factors' and β's part of A. */
  #addRest(entries: Float64Array, equations: NormalEquations, scale: number, precisions: readonly Matrix[]): void {
    const { factors, numFixed, priorPrecision } = this.model;
    const { order, offsets, restAt, fixedAt, pairs } = this.structure;
    const { stride } = this.#dense;
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

  /** l_j and U_j for every level, and U_jᵀ U_j off the rest. */
  #eliminate(entries: Float64Array, equations: NormalEquations, scale: number, { data: precision }: Matrix): void {
    const q = this.#q;
    const { numFixed } = this.model;
    const { order, support } = this.structure;
    const own = equations.own[order[0]];
    const withFixed = equations.withFixed[order[0]];
    const meets = this.#meets;
    const block = matrix(q, q);
    for (let level = 0; level < this.#numLevels; level++) {
      for (let at = 0; at < q * q; at++) block.data[at] = scale * own[level * q * q + at] + precision[at];
      const { data: factor } = cholesky(block);
      this.#blocks.set(factor, level * q * q);
      const met = support.start[level + 1] - support.start[level];
      const width = this.#loadPositions(level);
      const from = this.#meetsAt[level];
      for (let c = 0; c < q; c++) {
        const row = from + c * width;
        const values = q * support.start[level] + c * met;
        for (let a = 0; a < met; a++) meets[row + a] = scale * equations.support[values + a];
        for (let d = 0; d < numFixed; d++) meets[row + met + d] = scale * withFixed[(level * q + c) * numFixed + d];
        for (let k = 0; k < c; k++)
          for (let a = 0; a < width; a++) meets[row + a] -= factor[c * q + k] * meets[from + k * width + a];
        const inverse = 1 / factor[c * q + c];
        for (let a = 0; a < width; a++) meets[row + a] *= inverse;
        subtractOuterProduct(entries, this.#dense.stride, meets, row, this.#positions, width);
      }
    }
  }

  /** (l_j l_jᵀ)⁻¹ written to `covariances`; returns all l_j⁻¹. */
  #blockInverses(covariances: Float64Array): Float64Array {
    const q = this.#q;
    const inverses = new Float64Array(this.#blocks.length);
    for (let from = 0; from < inverses.length; from += q * q) {
      const { data } = invertLower(matrix(q, q, this.#blocks.slice(from, from + q * q)));
      inverses.set(data, from);
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++)
          for (let k = Math.max(a, b); k < q; k++) covariances[from + a * q + b] += data[k * q + a] * data[k * q + b];
    }
    return inverses;
  }

  /** M_j = l_j⁻ᵀ U_j of every level. */
  #meetsThrough(inverses: Float64Array): Float64Array {
    const q = this.#q;
    const through = new Float64Array(this.#meets.length);
    for (let level = 0; level < this.#numLevels; level++) {
      const from = this.#meetsAt[level];
      const width = (this.#meetsAt[level + 1] - from) / q;
      for (let c = 0; c < q; c++)
        for (let k = c; k < q; k++) {
          const factor = inverses[level * q * q + k * q + c];
          for (let a = 0; a < width; a++) through[from + c * width + a] += factor * this.#meets[from + k * width + a];
        }
    }
    return through;
  }

  #addThroughRest(covariances: Float64Array, through: Float64Array, rows: Float64Array, first: number): void {
    const q = this.#q;
    const positions = this.#positions;
    const end = first + 8;
    const products = new Float64Array(8 * q);
    for (let level = 0; level < this.#numLevels; level++) {
      const width = this.#loadPositions(level);
      products.fill(0);
      for (let c = 0; c < q; c++) {
        const from = this.#meetsAt[level] + c * width;
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
}

/** S −= u uᵀ in the lower triangle, u = values[from …] in the rows `positions`, which ascend. */
function subtractOuterProduct(
  entries: Float64Array,
  stride: number,
  values: Float64Array,
  from: number,
  positions: Uint32Array,
  width: number,
): void {
  for (let a = 0; a < width; a++) {
    const row = positions[a] * stride;
    const value = values[from + a];
    for (let b = 0; b <= a; b++) entries[row + positions[b]] -= value * values[from + b];
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
