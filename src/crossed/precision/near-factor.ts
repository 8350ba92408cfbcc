import { dot, matrix } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";
import { BlockFactor } from "./block-factor.ts";
import { conjugateGradients } from "./conjugate-gradients.ts";
import { multiplyPrecision } from "./precision-product.ts";
import type { PrecisionRoot } from "./precision-root.ts";
import type { PrecisionParts } from "./rest-matrix.ts";

const lanczosSteps = 40;
/** Ritz values outside are taken into the factor, the furthest first, so many at most. */
const [near, mostDirections] = [0.3, 24];
/** What is left of Newton's decrement in A⁻¹ x. */
const wantedAccuracy = 1e-4;

/**
 * L near the Cholesky factor of A, without the dense matrix that this has: L = B (I + V (Ρ^½ − I) Vᵀ), B Bᵀ the blocks of A on the diagonal,
 * of single levels and of β, and V the directions in which B⁻¹ A B⁻ᵀ differs most from I, with the Ritz values Ρ. Where levels
 * meet many others at random, what else that matrix has is near 1: with 50 rows for each level of one factor and 200 for each of the
 * other, within some 1/√50 + 1/√200. The directions are those in which all levels of a factor move against β or another factor's.
 *
 * Cost: as many multiplications as there are cells, for each of 40 steps of Lanczos.
 * Source: Golub & Van Loan, Matrix Computations (2013), section 10.1; kept orthogonal by orthogonalising anew.
 */
export class NearFactor implements PrecisionRoot {
  /** The least and the largest eigenvalue of L⁻¹ A L⁻ᵀ, as far as Lanczos' steps have come. */
  spread: readonly [number, number] = [1, 1];
  readonly #blocks: BlockFactor;
  #directions: readonly { readonly vector: Float64Array; readonly root: number }[] = [];
  #parts: PrecisionParts | undefined;

  constructor(
    private readonly model: CrossedModel,
    private readonly structure: CrossedStructure,
  ) {
    this.#blocks = new BlockFactor(model, structure);
  }

  /** @throws NotPositiveDefiniteError */
  async factorise(parts: PrecisionParts, signal?: AbortSignal): Promise<void> {
    this.#parts = parts;
    this.#blocks.factorise(parts);
    const { basis, values, vectors } = this.#lanczos(signal);
    const distance = (k: number) => Math.abs(Math.log(values[k]));
    const known = [...values.keys()].filter((k) => values[k] > 0).sort((k, l) => distance(l) - distance(k));
    const isTaken = (k: number, place: number) => place < mostDirections && distance(k) > near;
    this.#directions = known.filter(isTaken).map((k) => ({
      vector: combination(basis, (l) => vectors.data[l * values.length + k]),
      root: Math.sqrt(values[k]),
    }));
    const left = known.filter((k, place) => !isTaken(k, place)).map((k) => values[k]);
    this.spread = [Math.min(1, ...left), Math.max(1, ...left)];
  }

  async solveLower(x: Float64Array): Promise<void> {
    this.#blocks.solveLower(x);
    this.#stretch(x, (root) => 1 / root);
  }

  async solveUpper(x: Float64Array): Promise<void> {
    this.#stretch(x, (root) => 1 / root);
    this.#blocks.solveUpper(x);
  }

  multiplyUpper(x: Float64Array): void {
    this.#blocks.multiplyUpper(x);
    this.#stretch(x, (root) => root);
  }

  /** By conjugate gradients, near enough for a step of Newton's method. */
  async solve(x: Float64Array): Promise<void> {
    const parts = this.#parts;
    if (!parts) throw new TypeError("There is no matrix yet.");
    const solution = await conjugateGradients(x, {
      multiply: (u) => multiplyPrecision(this.model, this.structure, parts, u),
      precondition: async (residual) => {
        await this.solveLower(residual);
        await this.solveUpper(residual);
      },
      wanted: (start) => wantedAccuracy * start,
    });
    x.set(solution);
  }

  /** (I + V (F − I) Vᵀ) x, F = f(Ρ^½). */
  #stretch(x: Float64Array, factorOf: (root: number) => number): void {
    for (const { vector, root } of this.#directions) {
      const length = (factorOf(root) - 1) * dot(vector, x);
      for (let at = 0; at < x.length; at++) x[at] += length * vector[at];
    }
  }

  /** A basis Q of what is reached from a random vector, and the eigenvectors of Qᵀ B⁻¹ A B⁻ᵀ Q. */
  #lanczos(signal?: AbortSignal) {
    const { numUnknowns } = this.structure;
    const random = createRandom(0, 0, 3);
    const basis: Float64Array[] = [];
    const [diagonal, beside]: [number[], number[]] = [[], []];
    let next: Float64Array = Float64Array.from({ length: numUnknowns }, () => random.normal());
    for (let k = 0; k < Math.min(lanczosSteps, numUnknowns); k++) {
      signal?.throwIfAborted();
      const length = Math.sqrt(dot(next, next));
      if (k > 0) {
        // All that the random vector has a part in has been reached.
        if (length < 1e-8) break;
        beside.push(length);
      }
      basis.push(next.map((value) => value / length));
      next = this.#whitenedProduct(basis[k]);
      diagonal.push(dot(basis[k], next));
      for (let pass = 0; pass < 2; pass++)
        for (let l = k; l >= 0; l--) {
          const fraction = dot(basis[l], next);
          for (let at = 0; at < numUnknowns; at++) next[at] -= fraction * basis[l][at];
        }
    }
    const size = basis.length;
    const projected = matrix(size, size);
    for (let k = 0; k < size; k++) {
      projected.data[k * (size + 1)] = diagonal[k];
      if (k > 0) projected.data[k * size + k - 1] = projected.data[(k - 1) * size + k] = beside[k - 1];
    }
    return { basis, ...symmetricEigen(projected) };
  }

  /** B⁻¹ A B⁻ᵀ v */
  #whitenedProduct(v: Float64Array): Float64Array {
    const inner = v.slice();
    this.#blocks.solveUpper(inner);
    const image = multiplyPrecision(this.model, this.structure, this.#parts!, inner);
    this.#blocks.solveLower(image);
    return image;
  }
}

function combination(basis: readonly Float64Array[], shareOf: (index: number) => number): Float64Array {
  const sum = new Float64Array(basis[0].length);
  for (const [index, vector] of basis.entries()) {
    const share = shareOf(index);
    for (let at = 0; at < sum.length; at++) sum[at] += share * vector[at];
  }
  return sum;
}
