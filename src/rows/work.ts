import type { Model } from "../models/model.ts";

/** What a row's loss costs at a node, in multiply-adds. */
const perNode = 40;
/** Evaluations of a row's loss to find where the integrand is largest. */
const modeEvaluations = 4;

/** Rows of data that a row of the model stands for: more than one where it is a group. */
export function rowsPerRow({ groups, rows }: Model): number {
  return groups ? groups.rows.rows.numRows / rows.numRows : 1;
}

/** What the small matrices of a node cost beside its rows. */
const besideRows = 600;

/** Multiply-adds for the loss and the gradient of one group. */
export function workPerGroup(model: Model): number {
  const { groups } = model;
  if (!groups) throw new TypeError("The model has no groups.");
  const { outer, inner, nodes } = groups;
  const count = (effects: number, perDimension: number) => perDimension ** effects;
  // Gaussian rows have a closed form.
  const innerNodes =
    modeEvaluations + (groups.rows.family.name === "gaussian" ? 0 : count(inner.columns.length, nodes.inner));
  const outerNodes = outer ? modeEvaluations + count(outer.columns.length, nodes.outer) : 1;
  const nodesInAll = outerNodes * innerNodes;
  return rowsPerRow(model) * (2 * groups.rows.rows.numColumns + perNode * nodesInAll) + besideRows * nodesInAll;
}
