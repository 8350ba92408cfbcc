import * as z from "zod/mini";
import { type Carried, mostCarried } from "../fit/update/update-types.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { type ModelRecipe, parameterNames } from "../prediction/predictive-fit.ts";
import { placesOf, symmetricTensor } from "../theory/third-order.ts";

/** What a file says of what an update needs, beside its numbers: these stand one array after the other, in the order of `lengthsOf`. */
const finite = () => z.number();
const errorSchema = () => z.object({ mean: finite(), sd: finite() });
export const carriedSchema = () =>
  z.object({
    columns: z.array(z.object({ mean: finite(), scale: finite().check(z.gt(0)) })),
    parameters: z.int().check(z.gte(1), z.lte(mostCarried)),
    hasThirds: z.boolean(),
    parts: z.array(z.object({ rows: z.int().check(z.gte(0)), loss: finite(), gradient: z.array(finite()) })),
    error: errorSchema(),
    chance: errorSchema(),
  });
export type CarriedHeader = z.infer<ReturnType<typeof carriedSchema>>;

export function carriedHeader({ columns, center, thirds, parts, error, chance }: Carried): CarriedHeader {
  return {
    columns: columns.map(({ mean, scale }) => ({ mean, scale })),
    parameters: center.length,
    hasThirds: thirds !== undefined,
    parts: parts.map((part) => ({ ...part, gradient: [...part.gradient] })),
    error,
    chance,
  };
}

export function arraysOfCarried({ center, factor, noise, expectedNoise, thirds, kurtosis }: Carried): Float64Array[] {
  const matrices = [factor, noise, expectedNoise].map(triangleOf);
  return [center, ...matrices, ...(thirds && kurtosis ? [kurtosis, packed(thirds.data, center.length)] : [])];
}

function lengthsOf({ parameters: size, hasThirds }: CarriedHeader): number[] {
  const triangle = (size * (size + 1)) / 2;
  const ofThirds = hasThirds ? [size, (size * (size + 1) * (size + 2)) / 6] : [];
  return [size, triangle, triangle, triangle, ...ofThirds];
}

export function numbersOfCarried(header: CarriedHeader): number {
  return lengthsOf(header).reduce((sum, length) => sum + length, 0);
}

/**
 * What the header describes. @param take gives the next so many numbers
 * @throws Error where it is not of the recipe's model
 */
export function carriedFrom(
  header: CarriedHeader,
  recipe: ModelRecipe,
  take: (length: number) => Float64Array,
): Carried {
  const { columns, parameters: size, parts, error, chance } = header;
  if (columns.length !== recipe.columns.length || size !== parameterNames(recipe).length)
    throw new Error("what it keeps for updates is not of its model");
  if (parts.some(({ gradient }) => gradient.length !== size))
    throw new Error("what it keeps for updates has not as many sums as parameters");
  const arrays = lengthsOf(header).map(take);
  if (arrays.some((values) => !values.every(Number.isFinite)))
    throw new Error("what it keeps for updates are not all numbers");
  const [center, factor, noise, expectedNoise, kurtosis, thirds] = arrays;
  const lower = fromTriangle(factor, size, false);
  for (let j = 0; j < size; j++)
    if (!(lower.data[j * (size + 1)] > 0)) throw new Error("what it keeps for updates is no law");
  return {
    columns,
    center,
    factor: lower,
    noise: fromTriangle(noise, size, true),
    expectedNoise: fromTriangle(expectedNoise, size, true),
    ...(thirds && { kurtosis, thirds: symmetricTensor(size, unpacked(thirds, size)) }),
    parts,
    error,
    chance,
  };
}

/** The entries on and below the diagonal, row by row. */
function triangleOf({ rows, data }: Matrix): Float64Array {
  const result = new Float64Array((rows * (rows + 1)) / 2);
  let at = 0;
  for (let i = 0; i < rows; i++) for (let j = 0; j <= i; j++) result[at++] = data[i * rows + j];
  return result;
}

function fromTriangle(values: Float64Array, size: number, isSymmetric: boolean): Matrix {
  const result = matrix(size, size);
  let at = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      result.data[i * size + j] = values[at++];
      if (isSymmetric) result.data[j * size + i] = result.data[i * size + j];
    }
  return result;
}

/** The entries j ≥ k ≥ l of a symmetric tensor. */
function packed(data: Float64Array, size: number): Float64Array {
  const result = new Float64Array((size * (size + 1) * (size + 2)) / 6);
  let at = 0;
  for (let j = 0; j < size; j++)
    for (let k = 0; k <= j; k++) for (let l = 0; l <= k; l++) result[at++] = data[(j * size + k) * size + l];
  return result;
}

function unpacked(values: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(size ** 3);
  let at = 0;
  for (let j = 0; j < size; j++)
    for (let k = 0; k <= j; k++)
      for (let l = 0; l <= k; l++) {
        const value = values[at++];
        for (const place of placesOf(size, j, k, l)) result[place] = value;
      }
  return result;
}
