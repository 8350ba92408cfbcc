import type { ScalePrior } from "./densities.ts";

/** The default prior of an effect's sd, on the standardised scale. */
export const defaultSdPrior: ScalePrior = { kind: "half-student-t", degrees: 3, scale: 2.5 };
/** η of the default LKJ law: all correlation matrices alike. */
export const defaultCorrelationShape = 1;

/** L, q×q row by row, Σ = L Lᵀ the covariance of a block's effects, from its variance parameters φ (kernels/layout/groups.ts, Factor). */
export function effectsFactor(parameters: ArrayLike<number>, first: number, size: number): Float64Array<ArrayBuffer> {
  const factor = new Float64Array(size * size);
  let partial = first + size;
  for (let i = 0; i < size; i++) {
    let rest = Math.exp(parameters[first + i]);
    for (let j = 0; j < i; j++) {
      const z = parameters[partial++];
      factor[i * size + j] = rest * Math.tanh(z);
      rest /= Math.cosh(z);
    }
    factor[i * size + i] = rest;
  }
  return factor;
}

/**
 * The sds of a block's effects and their correlations, row by row below the diagonal: q (q + 1)/2 numbers.
 * @param map q×q: another scale of the effects, b ↦ map b; left out, that of the parameters
 */
export function sdsAndCorrelations(
  parameters: ArrayLike<number>,
  { first, size }: { readonly first: number; readonly size: number },
  map?: Float64Array,
): Float64Array {
  const own = effectsFactor(parameters, first, size);
  const factor = map ? product(map, own, size) : own;
  const along = (i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += factor[i * size + k] * factor[j * size + k];
    return sum;
  };
  const result = new Float64Array((size * (size + 1)) / 2);
  for (let i = 0; i < size; i++) result[i] = Math.sqrt(along(i, i));
  let at = size;
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) result[at++] = along(i, j) / (result[i] * result[j]);
  return result;
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++)
      for (let j = 0; j < size; j++) result[i * size + j] += a[i * size + k] * b[k * size + j];
  return result;
}
