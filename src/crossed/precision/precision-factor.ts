import { DenseFactor } from "../../engine/bindings/dense-factor.ts";
import type { Engine } from "../../engine/engine.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import { Elimination } from "./elimination.ts";
import type { PrecisionRoot } from "./precision-root.ts";
import { type PrecisionParts, writeRest } from "./rest-matrix.ts";

/**
 * The Cholesky factor of A = scale CᵀWC + Λ, the precision of all effects and β, Λ block-diagonal over levels with the
 * terms' Σ_t⁻¹ and the precision of β's prior. One factor's levels, which meet in no row, are eliminated block by block; the Schur
 * complement of the rest, n unknowns, is dense.
 *
 * Cost: Σ_j q (what level j meets)²/2 + n³/3 multiplications.
 */
export class PrecisionFactor implements PrecisionRoot {
  readonly elimination: Elimination;
  readonly dense: DenseFactor;

  constructor(
    engine: Engine,
    private readonly model: CrossedModel,
    private readonly structure: CrossedStructure,
  ) {
    this.elimination = new Elimination(model, structure);
    this.dense = new DenseFactor(engine, structure.numUnknowns - structure.restAt);
  }

  /** @throws NotPositiveDefiniteError */
  async factorise(parts: PrecisionParts, signal?: AbortSignal): Promise<void> {
    const entries = this.dense.clear();
    writeRest(entries, this.dense.stride, this.model, this.structure, parts);
    this.elimination.eliminate(entries, this.dense.stride, parts);
    await this.dense.factorise(signal);
  }

  /** log|A| */
  logDeterminant(): number {
    return this.elimination.logDeterminant() + this.dense.logDeterminant();
  }

  /** L⁻¹ x in place, L the factor of the whole. */
  async solveLower(x: Float64Array): Promise<void> {
    const rest = x.subarray(this.structure.restAt);
    this.elimination.solveLower(x, rest);
    await this.dense.solve(rest, false);
  }

  /** L⁻ᵀ x in place. */
  async solveUpper(x: Float64Array): Promise<void> {
    const rest = x.subarray(this.structure.restAt);
    await this.dense.solve(rest, true);
    this.elimination.solveUpper(x, rest);
  }

  /** Lᵀ x in place. */
  multiplyUpper(x: Float64Array): void {
    const rest = x.subarray(this.structure.restAt);
    this.elimination.multiplyUpper(x, rest);
    this.dense.multiplyTransposed(rest);
  }

  /** A⁻¹ x in place. */
  async solve(x: Float64Array): Promise<void> {
    await this.solveLower(x);
    await this.solveUpper(x);
  }

  /** The lower right D × D corner of L: its inverse's inner product is the covariance of β. */
  fixedCorner(): Matrix {
    const { numFixed } = this.model;
    const { stride, size } = this.dense;
    const entries = this.dense.entries();
    const corner = matrix(numFixed, numFixed);
    for (let i = 0; i < numFixed; i++)
      for (let j = 0; j <= i; j++)
        corner.data[i * numFixed + j] = entries[(size - numFixed + i) * stride + size - numFixed + j];
    return corner;
  }
}
