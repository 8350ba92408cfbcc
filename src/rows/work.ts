import { type GramRequest, gramLength } from "../engine/bindings/pass-record.ts";
import type { Duration } from "../engine/executor.ts";
import type { Model } from "../models/model.ts";
import { isStepped } from "../models/node-rule.ts";

/** Evaluations of a row's loss to find where the integrand is largest. */
const modeEvaluations = 4;

/**
 * What an evaluation of an inner group's integrand costs in multiply-adds, a row and beside its rows: with one effect, with several, whose
 * small matrices come on top, and where nodes follow each other by factors.
 */
const costs = {
  one: { row: 40, beside: 230 },
  several: { row: 40, beside: 600 },
  stepped: { row: 10, beside: 10 },
};

/** Rows of data that a row of the model stands for: more than one where it is a group. */
export function rowsPerRow({ groups, rows }: Model): number {
  return groups ? groups.rows.rows.numRows / rows.numRows : 1;
}

/** Multiply-adds for the loss and the gradient of one group. */
export function workPerGroup(model: Model): number {
  const { groups } = model;
  if (!groups) throw new TypeError("The model has no groups.");
  const { outer, inner, nodes } = groups;
  const { family, rows } = groups.rows;
  const rowsPerInner = rows.numRows / groups.numInner;
  const innersPerGroup = groups.numInner / model.rows.numRows;
  const costOf = ({ row, beside }: (typeof costs)["one"]) => row * rowsPerInner + beside;
  const general = costOf(inner.columns.length === 1 ? costs.one : costs.several);
  const atNode = isStepped(family.name, nodes.inner, inner.columns.length) ? costOf(costs.stepped) : general;
  // Gaussian rows have a closed form.
  const innerNodes = family.name === "gaussian" ? 0 : nodes.inner ** inner.columns.length;
  const outerNodes = outer ? modeEvaluations + nodes.outer ** outer.columns.length : 1;
  const ofInner = modeEvaluations * general + innerNodes * atNode;
  return 2 * rowsPerRow(model) * rows.numColumns + outerNodes * innersPerGroup * ofInner;
}

/** Multiply-adds below which a run is short, or medium: those of 0.1 and of 2 milliseconds. */
const shortWork = 4e5;
const mediumWork = 1e7;
/** Products in single precision, of many columns. */
const timesFaster = 3;

/** How long a pass over so many rows, or groups, at so many points takes. */
export function durationOfPass(model: Model, request: GramRequest, visited: number, points = 1): Duration {
  const { groups, rows, numPredictors, dimension } = model;
  const ofGradient = groups ? workPerGroup(model) : numPredictors * rows.paddedColumns;
  const ofGram = groups && request.gram !== "none" ? dimension * ofGradient : 0.5 * gramLength(model, request);
  const isSingle = request.gram === "none" && request.isSingle;
  const work = (points * visited * (ofGradient + ofGram)) / (isSingle ? timesFaster : 1);
  if (work < shortWork) return "short";
  return work < mediumWork ? "medium" : "long";
}
