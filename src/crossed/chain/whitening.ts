import { invertLower } from "../../linalg/cholesky.ts";
import { type Matrix, multiply } from "../../linalg/matrix.ts";
import { scaleFactor, type VarianceLayout } from "../variances.ts";
import type { Potential } from "./potential.ts";
import type { ReferenceLaw } from "./reference-law.ts";

/** u = S (û + L⁻ᵀ z): coordinates z in which the reference law is standard normal, S of blocks L(θ) L(θ̂)⁻¹ where those shrink. */
export class Whitening {
  /** By term; nothing where its effects stay as they are. */
  readonly #scales: readonly (Matrix | undefined)[];

  constructor(
    private readonly potential: Potential,
    private readonly layout: VarianceLayout,
    private readonly reference: ReferenceLaw,
    theta: Float64Array,
  ) {
    this.#scales = layout.terms.map((term) => {
      const scale = multiply(scaleFactor(term, theta), invertLower(scaleFactor(term, reference.theta)));
      let determinant = 1;
      for (let a = 0; a < term.numEffects; a++) determinant *= scale.data[a * (term.numEffects + 1)];
      return determinant < 1 ? scale : undefined;
    });
  }

  /** z = Lᵀ (S⁻¹ u − û) */
  whiten(unknowns: Float64Array): Float64Array {
    const { center, factor } = this.reference;
    const z = unknowns.slice();
    this.#transform(z, invertLower);
    for (let j = 0; j < z.length; j++) z[j] -= center[j];
    factor.multiplyUpper(z);
    return z;
  }

  /** Writes u of z to `unknowns`. */
  async unwhiten(z: Float64Array, unknowns: Float64Array): Promise<void> {
    const { center, factor } = this.reference;
    unknowns.set(z);
    await factor.solveUpper(unknowns);
    for (let j = 0; j < unknowns.length; j++) unknowns[j] += center[j];
    this.#transform(unknowns, (scale) => scale);
  }

  /** ∂U/∂z = L⁻¹ Sᵀ ∂U/∂u, in the place of ∂U/∂u. */
  async whitenSlope(slope: Float64Array): Promise<Float64Array> {
    this.#transform(slope, (scale) => scale, true);
    await this.reference.factor.solveLower(slope);
    return slope;
  }

  #transform(unknowns: Float64Array, of: (scale: Matrix) => Matrix, isTransposed = false): void {
    for (const [index, term] of this.layout.terms.entries()) {
      const scale = this.#scales[index];
      if (scale) this.potential.transformEffects(term, of(scale), unknowns, isTransposed);
    }
  }
}
