import type { CrossedModel } from "./model.ts";
import { sortedBy } from "./structure.ts";

/**
 * The same model with its rows in the order of the levels of the factor with the most effects, whose numbers are then read and written one
 * after the other, and without columns that nothing multiplies. Nothing of a posterior depends on the order of the rows.
 */
export function inOrderOfLevels(model: CrossedModel): CrossedModel {
  const { numRows, stride, numFixed, factors } = model;
  const largest = factors.reduce((a, b) => (b.numLevels * b.effects.length > a.numLevels * a.effects.length ? b : a));
  const order = sortedBy(largest.levelOf, largest.numLevels, Uint32Array.from(largest.levelOf.keys()));
  const width = factors.reduce((most, { effects }) => effects.reduce((a, b) => Math.max(a, b + 1), most), numFixed);
  const x = new Float32Array(numRows * width);
  for (const [at, row] of order.entries())
    for (let column = 0; column < width; column++) x[at * width + column] = model.x[row * stride + column];
  const ordered = (values: Float64Array) => Float64Array.from(order, (row) => values[row]);
  return {
    ...model,
    ...{ x, stride: width },
    y: ordered(model.y),
    ...(model.offset && { offset: ordered(model.offset) }),
    ...(model.weights && { weights: ordered(model.weights) }),
    factors: factors.map((factor) => ({ ...factor, levelOf: Uint32Array.from(order, (row) => factor.levelOf[row]) })),
  };
}
