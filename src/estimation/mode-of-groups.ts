import { cholesky, invertPositiveDefinite } from "../linalg/cholesky.ts";
import { withNodes } from "../models/group-model.ts";
import type { Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { subsampleModel } from "../rows/row-subset.ts";
import { rowsPerRow } from "../rows/work.ts";
import type { Workspace } from "../rows/workspace.ts";
import { findMode, type Mode } from "./mode/mode.ts";
import { chooseNodes, laplaceShift, type Quadrature } from "./quadrature.ts";

/** Groups for averages that need no more, by the rows that they have together. */
const minGroups = 1000;
const sampleRows = 20_000;

export function groupSampleSize(model: Model): number {
  return Math.max(minGroups, Math.ceil(sampleRows / rowsPerRow(model)));
}

interface ModeOfGroups extends Mode {
  /** The model with the nodes that were chosen. */
  readonly given: Model;
  readonly quadrature: Quadrature;
  readonly noMode?: string;
}

/** How often more nodes may have moved the mode to where still more are needed. */
const maxRounds = 3;

/** The mode with few nodes, the nodes that are needed there, and the mode with these. */
export async function modeOfGroups(workspace: Workspace, model: Model, seed: number): Promise<ModeOfGroups> {
  let given = model;
  let mode = await findMode(workspace, given);
  let passes = mode.passes;
  let quadrature: Quadrature | undefined;
  for (let round = 0; round < maxRounds; round++) {
    const sample = subsampleModel(given, groupSampleSize(given), createRandom(seed, 0, 6));
    const covariance = invertPositiveDefinite(mode.precision);
    const around = { mode: mode.position, covariance, factor: cholesky(covariance) };
    const factor = given.rows.numRows / sample.rows.numRows;
    quadrature = await chooseNodes(workspace, sample, around, factor);
    const { nodes } = quadrature;
    const now = given.groups!.nodes;
    if ((nodes.inner !== now.inner || nodes.outer !== now.outer) && round + 1 < maxRounds) {
      given = withNodes(model, nodes);
      mode = await findMode(workspace, given, mode.position);
      passes += mode.passes;
      continue;
    }
    quadrature = { ...quadrature, nodes: now };
    if (given.family.name !== "gaussian")
      quadrature = { ...quadrature, laplace: await laplaceShift(workspace, sample, around, factor) };
    break;
  }
  return {
    ...mode,
    passes,
    given,
    quadrature: quadrature!,
    ...(!mode.converged && { noMode: "the search for the mode of its posterior ends nowhere" }),
  };
}
