import type { PrecisionParts } from "./rest-matrix.ts";

/** L with L Lᵀ = A = scale CᵀWC + Λ, or near it. */
export interface PrecisionRoot {
  /** @throws NotPositiveDefiniteError */
  factorise(parts: PrecisionParts, signal?: AbortSignal): Promise<void>;
  /** A⁻¹ x in place, by A itself. */
  solve(x: Float64Array): Promise<void>;
  /** L⁻¹ x in place. */
  solveLower(x: Float64Array): Promise<void>;
  /** L⁻ᵀ x in place. */
  solveUpper(x: Float64Array): Promise<void>;
  /** Lᵀ x in place. */
  multiplyUpper(x: Float64Array): void;
}
