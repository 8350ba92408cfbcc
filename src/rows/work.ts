import type { Model } from "../models/model.ts";

/** What a row's loss costs at a node, in multiply-adds. */
const perNode = 40;
/** Evaluations of a row's loss to find where the integrand is largest. */
const modeEvaluations = 4;

/** Rows of data that a row of the model stands for: more than one where it is a group. */
export function rowsPerRow({ groups, rows }: Model): number {
  return groups ? groups.rows.rows.numRows / rows.numRows : 1;
}

/** Multiply-adds for the loss and the gradient of one group. */
export function workPerGroup(model: Model): number {
  const { groups } = model;
  if (!groups) throw new TypeError("The model has no groups.");
  const { outer, inner, nodes } = groups;
  const count = (effects: number, perDimension: number) => perDimension ** effects;
  const innerNodes = modeEvaluations + count(inner.columns.length, nodes.inner);
  const outerNodes = outer ? modeEvaluations + count(outer.columns.length, nodes.outer) : 1;
  return rowsPerRow(model) * (2 * groups.rows.rows.numColumns + perNode * outerNodes * innerNodes);
}
