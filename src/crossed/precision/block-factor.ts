import { cholesky, solveLower, solveLowerTransposed } from "../../linalg/cholesky.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import type { PrecisionParts } from "./rest-matrix.ts";

/** The Cholesky factor B of the blocks of A on the diagonal, those of single levels and of β, as if no two met in a row. */
export class BlockFactor {
  /** By factor of the model, q × q for each level. */
  readonly #blocks: readonly Float64Array[];
  #fixed: Matrix;

  constructor(
    private readonly model: CrossedModel,
    private readonly structure: CrossedStructure,
  ) {
    this.#blocks = model.factors.map(({ numLevels, effects }) => new Float64Array(numLevels * effects.length ** 2));
    this.#fixed = matrix(0, 0);
  }

  /** @throws NotPositiveDefiniteError */
  factorise({ equations, scale, precisions }: PrecisionParts): void {
    const { factors, numFixed, priorPrecision } = this.model;
    for (const [factor, { effects }] of factors.entries()) {
      const size = effects.length ** 2;
      const own = equations.own[factor];
      const precision = precisions[factor].data;
      const block = matrix(effects.length, effects.length);
      for (let from = 0; from < own.length; from += size) {
        for (let at = 0; at < size; at++) block.data[at] = scale * own[from + at] + precision[at];
        this.#blocks[factor].set(cholesky(block).data, from);
      }
    }
    const fixed = matrix(
      numFixed,
      numFixed,
      Float64Array.from(equations.fixed, (value) => scale * value),
    );
    for (let d = 0; d < numFixed; d++) fixed.data[d * (numFixed + 1)] += priorPrecision[d];
    this.#fixed = cholesky(fixed);
  }

  /** B⁻¹ x in place. */
  solveLower(x: Float64Array): void {
    this.#eachBlock((l, from, q, at) => {
      for (let a = 0; a < q; a++) {
        let sum = x[at + a];
        for (let b = 0; b < a; b++) sum -= l[from + a * q + b] * x[at + b];
        x[at + a] = sum / l[from + a * (q + 1)];
      }
    });
    x.set(solveLower(this.#fixed, x.subarray(this.structure.fixedAt)), this.structure.fixedAt);
  }

  /** B⁻ᵀ x in place. */
  solveUpper(x: Float64Array): void {
    this.#eachBlock((l, from, q, at) => {
      for (let a = q - 1; a >= 0; a--) {
        let sum = x[at + a];
        for (let b = a + 1; b < q; b++) sum -= l[from + b * q + a] * x[at + b];
        x[at + a] = sum / l[from + a * (q + 1)];
      }
    });
    x.set(solveLowerTransposed(this.#fixed, x.subarray(this.structure.fixedAt)), this.structure.fixedAt);
  }

  /** Bᵀ x in place. */
  multiplyUpper(x: Float64Array): void {
    this.#eachBlock((l, from, q, at) => {
      for (let a = 0; a < q; a++) {
        let sum = 0;
        for (let b = a; b < q; b++) sum += l[from + b * q + a] * x[at + b];
        x[at + a] = sum;
      }
    });
    const { fixedAt } = this.structure;
    const { data, rows } = this.#fixed;
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let k = i; k < rows; k++) sum += data[k * rows + i] * x[fixedAt + k];
      x[fixedAt + i] = sum;
    }
  }

  /** Of every level its factor l, which begins at `from`, q, and its first unknown. */
  #eachBlock(visit: (l: Float64Array, from: number, q: number, at: number) => void): void {
    for (const [factor, { numLevels, effects }] of this.model.factors.entries()) {
      const q = effects.length;
      const l = this.#blocks[factor];
      for (let level = 0, at = this.structure.offsets[factor]; level < numLevels; level++, at += q)
        visit(l, level * q * q, q, at);
    }
  }
}
