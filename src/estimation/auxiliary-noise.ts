import { add, type Matrix, matrix } from "../linalg/matrix.ts";
import { type Model, numCoefficients } from "../models/model.ts";
import type { VisitedRow } from "../rows/visit-rows.ts";

/**
 * Σ_n w_n² H_n Σ H_n over rows of one linear predictor and a family with auxiliary parameters: with J_n = [x_n 0; 0 I] and K_n the
 * matrix of second derivatives by (η, τ), H_n = J_n K_n J_nᵀ, so that H_n Σ H_n = J_n M_n J_nᵀ with M_n = K_n (J_nᵀ Σ J_n) K_n. The
 * part of x xᵀ is for a pass over the rows to sum; the parts of x alone and of no x are summed here.
 */
export class AuxiliaryNoise {
  private readonly size: number;
  private readonly numColumns: number;
  /** Σ_{β,τ}: one vector for each auxiliary parameter. */
  private readonly cross: readonly Float64Array[];
  private readonly borders: readonly Float64Array[];
  private readonly corner = new Float64Array(4);
  private readonly curvatures = new Float64Array(6);
  private readonly along = new Float64Array(1);
  private readonly spread = new Float64Array(9);
  private readonly product = new Float64Array(9);

  /** @param covariance Σ, M×M */
  constructor(
    private readonly model: Model,
    private readonly covariance: Matrix,
  ) {
    this.size = covariance.rows;
    this.numColumns = numCoefficients(model);
    this.cross = model.auxiliaries.map((_, a) =>
      Float64Array.from({ length: this.numColumns }, (_, j) => covariance.data[j * this.size + this.numColumns + a]),
    );
    this.borders = this.cross.map(() => new Float64Array(this.numColumns));
  }

  /**
   * Adds a row, and gives the weight of its x xᵀ: w² M_00.
   * @param leverage xᵀ Σ x
   */
  add(row: VisitedRow, leverage: number): number {
    const { cross, curvatures, spread, numColumns, size, covariance } = this;
    const count = cross.length;
    spread[0] = leverage;
    for (let a = 0; a < count; a++) {
      row.alongInto(this.along, cross[a]);
      spread[a + 1] = spread[3 * (a + 1)] = this.along[0];
      for (let b = 0; b < count; b++)
        spread[3 * (a + 1) + b + 1] = covariance.data[(numColumns + a) * size + numColumns + b];
    }
    const { family, auxiliaries } = this.model;
    family.row!.curvaturesInto(curvatures, row.eta[0], row.tau, row.y);
    // Of (η, τ₀, τ₁), those that are parameters: one of the two may be fixed.
    const placeOf = (k: number) => (k === 0 ? 0 : auxiliaries[k - 1].index + 1);
    const second = (i: number, j: number) => curvatures[place(placeOf(i), placeOf(j))];
    const weight = row.weight ** 2;
    for (let i = 0; i <= count; i++)
      for (let j = 0; j <= count; j++) {
        let sum = 0;
        for (let k = 0; k <= count; k++) sum += second(i, k) * spread[3 * k + j];
        this.product[3 * i + j] = sum;
      }
    const entry = (i: number, j: number) => {
      let sum = 0;
      for (let k = 0; k <= count; k++) sum += this.product[3 * i + k] * second(k, j);
      return weight * sum;
    };
    for (let a = 0; a < count; a++) {
      row.addTo(this.borders[a], 0, entry(0, a + 1));
      for (let b = 0; b < count; b++) this.corner[2 * a + b] += entry(a + 1, b + 1);
    }
    return entry(0, 0);
  }

  /** The sum, M×M. @param gram that of the rows' x xᵀ, its places in τ zero */
  total(gram: Matrix): Matrix {
    const { size, numColumns, borders, corner } = this;
    const rest = matrix(size, size);
    borders.forEach((border, a) => {
      const at = numColumns + a;
      border.forEach((value, j) => {
        rest.data[j * size + at] = rest.data[at * size + j] = value;
      });
      for (let b = 0; b < borders.length; b++) rest.data[at * size + numColumns + b] = corner[2 * a + b];
    });
    return add(gram, rest);
  }
}

/** The place of entry (i, j) of a symmetric 3×3 matrix among the six of `curvaturesInto`. */
function place(i: number, j: number): number {
  const [least, most] = i < j ? [i, j] : [j, i];
  return least === 0 ? most : least + most + 1;
}
