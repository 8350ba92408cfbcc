import type { CrossedModel } from "../model.ts";
import type { CrossedStructure } from "../structure.ts";

/** The blocks of CᵀWC, C = [Z X], that are not zero. */
export interface NormalEquations {
  /** By factor: q × q for each level, both triangles. */
  readonly own: readonly Float64Array[];
  /** By factor: q × D for each level. */
  readonly withFixed: readonly Float64Array[];
  /** D × D */
  readonly fixed: Float64Array;
  /** Of the eliminated factor's level j with its support of m unknowns: q × m, from `q start[j]` on. */
  readonly support: Float64Array;
  /** By pair of the structure: q × q′ for each cell. */
  readonly cells: readonly Float64Array[];
}

/** One pass over the rows. @param weights N, the diagonal of W */
export function normalEquations(
  model: CrossedModel,
  structure: CrossedStructure,
  weights: Float64Array | undefined,
): NormalEquations {
  const { factors, numFixed, numRows, x, stride } = model;
  const result: NormalEquations = {
    own: factors.map(({ numLevels, effects }) => new Float64Array(numLevels * effects.length ** 2)),
    withFixed: factors.map(({ numLevels, effects }) => new Float64Array(numLevels * effects.length * numFixed)),
    fixed: new Float64Array(numFixed * numFixed),
    support: new Float64Array(structure.support.unknowns.length * factors[structure.order[0]].effects.length),
    cells: structure.pairs.map(
      ({ first, second, firstLevel }) =>
        new Float64Array(firstLevel.length * factors[first].effects.length * factors[second].effects.length),
    ),
  };
  for (let row = 0; row < numRows; row++) {
    const weight = weights ? weights[row] : 1;
    const from = row * stride;
    for (let i = 0; i < numFixed; i++)
      for (let j = 0; j <= i; j++) result.fixed[i * numFixed + j] += weight * x[from + i] * x[from + j];
  }
  for (const factor of factors.keys()) addOwn(model, factor, weights, result);
  addSupport(model, structure, weights, result.support);
  for (const [index, pair] of structure.pairs.entries()) {
    const [a, b] = [factors[pair.first].effects, factors[pair.second].effects];
    addProducts(
      model,
      weights,
      [a, b],
      (row) => pair.ofRow[row] * a.length * b.length,
      () => b.length,
      result.cells[index],
    );
  }
  return result;
}

function addOwn(model: CrossedModel, factor: number, weights: Float64Array | undefined, into: NormalEquations): void {
  const { numFixed } = model;
  const { levelOf, effects } = model.factors[factor];
  const q = effects.length;
  const columns = Int32Array.from({ length: numFixed }, (_, column) => column);
  addProducts(
    model,
    weights,
    [effects, effects],
    (row) => levelOf[row] * q * q,
    () => q,
    into.own[factor],
  );
  addProducts(
    model,
    weights,
    [effects, columns],
    (row) => levelOf[row] * q * numFixed,
    () => numFixed,
    into.withFixed[factor],
  );
}

function addSupport(
  model: CrossedModel,
  { order, support }: CrossedStructure,
  weights: Float64Array | undefined,
  into: Float64Array,
): void {
  const [eliminated, ...others] = order;
  const { levelOf, effects } = model.factors[eliminated];
  const q = effects.length;
  const lengthOf = (row: number) => support.start[levelOf[row] + 1] - support.start[levelOf[row]];
  for (const [index, other] of others.entries()) {
    const at = support.atRow[index];
    const begin = (row: number) => (q - 1) * support.start[levelOf[row]] + at[row];
    addProducts(model, weights, [effects, model.factors[other].effects], begin, lengthOf, into);
  }
}

/** into[at(row) + a width(row) + b] += w z_a z_b for all rows and all columns a of the first list, b of the second. */
function addProducts(
  { numRows, x, stride }: CrossedModel,
  weights: Float64Array | undefined,
  [left, right]: readonly [Int32Array, Int32Array],
  at: (row: number) => number,
  width: (row: number) => number,
  into: Float64Array,
): void {
  for (let row = 0; row < numRows; row++) {
    const from = row * stride;
    let target = at(row);
    const step = width(row);
    const weight = weights ? weights[row] : 1;
    for (let a = 0; a < left.length; a++, target += step) {
      const factor = left[a] < 0 ? weight : weight * x[from + left[a]];
      for (let b = 0; b < right.length; b++) into[target + b] += right[b] < 0 ? factor : factor * x[from + right[b]];
    }
  }
}

/** Cᵀ v for v a number a row: what each unknown gets. */
export function transposedProduct(
  model: CrossedModel,
  structure: CrossedStructure,
  values: Float64Array,
): Float64Array {
  const { factors, numFixed, numRows, x, stride } = model;
  const result = new Float64Array(structure.numUnknowns);
  for (const [factor, { levelOf, effects }] of factors.entries()) {
    const q = effects.length;
    const begin = structure.offsets[factor];
    for (let a = 0; a < q; a++) {
      const column = effects[a];
      const target = begin + a;
      if (column < 0) for (let row = 0; row < numRows; row++) result[target + levelOf[row] * q] += values[row];
      else
        for (let row = 0; row < numRows; row++)
          result[target + levelOf[row] * q] += values[row] * x[row * stride + column];
    }
  }
  for (let row = 0, from = 0; row < numRows; row++, from += stride)
    for (let d = 0; d < numFixed; d++) result[structure.fixedAt + d] += values[row] * x[from + d];
  return result;
}
