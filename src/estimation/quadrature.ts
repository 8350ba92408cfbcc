import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { add, congruence, diagonal, dot, type Matrix, multiplyVector, transpose } from "../linalg/matrix.ts";
import { withNodes } from "../models/group-model.ts";
import type { Model, NodeCounts } from "../models/model.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";

/** How well the groups' effects are integrated out, in posterior sds of the parameter that is off most. */
export interface Quadrature {
  /** K: nodes a dimension of the outer and of the inner effects. */
  readonly nodes: NodeCounts;
  /** How far more nodes would move it. */
  readonly error: number;
  /** How far Laplace's approximation, K = 1, would move it, and which parameter that is; left out where it is exact. */
  readonly laplace?: { readonly largestShift: number; readonly parameter: number };
}

/** Numbers of nodes that are tried, one after the other. */
const ladder = [3, 5, 7, 9, 11, 15, 21, 29, 41, 61, 91, 127];
/** Posterior sds that more nodes may still move a parameter. */
const maxError = 0.02;
/** And by how much more nodes may change the curvature at the mode, as a share of the posterior's: sds then by half of it. */
const maxCurvatureError = 0.04;
/** Evaluations of a row's loss for one gradient beyond which no more nodes are taken. */
const maxNodes = 20_000;

/** At the points around the mode, and at the mode. */
interface Derivatives {
  readonly gradients: readonly Float64Array[];
  readonly curvature: Matrix;
}

/** Around the mode. */
interface Around {
  readonly mode: Float64Array;
  /** P and K, P = K Kᵀ. */
  readonly covariance: Matrix;
  readonly factor: Matrix;
}

/**
 * The fewest nodes whose gradients, at the mode and a posterior sd away from it, are within 0.02 sd of those with more: the shift
 * P (g_K − g_K′), as a share of each parameter's sd; and whose curvature at the mode is that with more nodes. Of groups of many rows
 * it is a small difference of large terms (Louis' identity), and needs more nodes than gradients do. With gaussian rows every integrand is a normal density times a polynomial, so that
 * three nodes are exact.
 * @param sample of the groups, which stand for all
 * @param factor how many times as many there are
 */
export async function chooseNodes(
  workspace: Workspace,
  sample: Model,
  around: Around,
  factor: number,
): Promise<Quadrature> {
  const { groups, family } = sample;
  if (!groups) throw new TypeError("The model has no groups.");
  if (family.name === "gaussian") return { nodes: groups.nodes, error: 0 };
  const points = pointsAround(around);
  const derivativesWith = async (nodes: NodeCounts): Promise<Derivatives> => {
    const mark = sample.memory.mark();
    try {
      const rows = rowsOf(workspace, withNodes(sample, nodes));
      const gradients: Float64Array[] = [];
      for (const point of points) gradients.push((await rows.pass(point, { gram: "none" })).gradient);
      const { gram } = await rows.pass(around.mode, { gram: "curvature" });
      return { gradients, curvature: gram };
    } finally {
      sample.memory.release(mark);
    }
  };
  const sds = diagonal(around.covariance).map(Math.sqrt);
  const distance = (a: Derivatives, b: Derivatives) => {
    const shifts = a.gradients.map((gradient, k) =>
      largestShift(gradient, b.gradients[k], around.covariance, sds, factor),
    );
    const change = congruence(transpose(around.factor), add(a.curvature, b.curvature, 1, -1)).data;
    return { shift: Math.max(...shifts), curvature: factor * Math.sqrt(dot(change, change)) };
  };
  /** As many of one factor as are needed, the other's as they are. */
  const settled = async (
    start: NodeCounts,
    level: keyof NodeCounts,
    most: number,
  ): Promise<Omit<Quadrature, "laplace">> => {
    let nodes = { ...start, [level]: ladder[0] };
    let found = await derivativesWith(nodes);
    let error = Number.POSITIVE_INFINITY;
    for (const count of ladder.slice(1)) {
      const next = { ...nodes, [level]: count };
      if (count > ladder[1] && numNodes(groups, next) > maxNodes) break;
      const better = await derivativesWith(next);
      const { shift, curvature } = distance(found, better);
      error = shift;
      if (shift <= most && curvature <= maxCurvatureError) break;
      nodes = next;
      found = better;
    }
    return { nodes, error };
  };
  if (!groups.outer) return settled({ outer: 1, inner: 1 }, "inner", maxError);
  const inner = await settled({ outer: outerWhileInner, inner: 1 }, "inner", maxError / 2);
  const outer = await settled(inner.nodes, "outer", maxError / 2);
  return { nodes: outer.nodes, error: inner.error + outer.error };
}

/** Outer nodes that reach as far as inner integrals must be right, while their nodes are chosen. */
const outerWhileInner = 7;

function numNodes(groups: NonNullable<Model["groups"]>, { outer, inner }: NodeCounts): number {
  return outer ** (groups.outer?.columns.length ?? 0) * inner ** groups.inner.columns.length;
}

/** θ* and θ* ± K s, s two vectors of signs. */
function pointsAround({ mode, factor }: Around): Float64Array[] {
  const signs = [Float64Array.from(mode, () => 1), Float64Array.from(mode, (_, j) => (j % 2 ? -1 : 1))];
  const offsets = signs.map((vector) => multiplyVector(factor, vector));
  const length = Math.sqrt(mode.length);
  return [
    mode,
    ...offsets.flatMap((offset) =>
      [1, -1].map((sign) => mode.map((value, j) => value + (sign * offset[j] * 1.5) / length)),
    ),
  ];
}

function largestShift(a: Float64Array, b: Float64Array, covariance: Matrix, sds: Float64Array, factor: number): number {
  const shift = multiplyVector(
    covariance,
    a.map((value, j) => factor * (value - b[j])),
  );
  return Math.max(...shift.map((value, j) => Math.abs(value) / sds[j]));
}

const maxSteps = 20;
const step = 1e-4;

/**
 * Where Laplace's approximation of every group, which other programs take by default, has its mode, in posterior sds from that of the
 * quadrature: Newton's method on the sample, with gradients of the loss with one node by differences.
 */
export async function laplaceShift(
  workspace: Workspace,
  sample: Model,
  { mode, covariance }: Around,
  factor: number,
): Promise<Quadrature["laplace"]> {
  const atMode = (await rowsOf(workspace, sample).pass(mode, { gram: "none" })).gradient;
  const mark = sample.memory.mark();
  try {
    const rows = rowsOf(workspace, withNodes(sample, { outer: 1, inner: 1 }));
    const sds = diagonal(covariance).map(Math.sqrt);
    const lossAt = async (position: Float64Array) => (await rows.pass(position, { gram: "none" })).loss;
    let position = mode.slice();
    for (let iteration = 0; iteration < maxSteps; iteration++) {
      const residual = new Float64Array(mode.length);
      for (let j = 0; j < mode.length; j++) {
        const width = Math.max(step, 0.02 * sds[j]);
        const moved = (by: number) => position.map((value, i) => (i === j ? value + by : value));
        const slope = ((await lossAt(moved(width))) - (await lossAt(moved(-width)))) / (2 * width);
        residual[j] = factor * (slope - atMode[j]);
      }
      const change = multiplyVector(covariance, residual);
      const length = Math.max(...change.map((value, j) => Math.abs(value) / sds[j]));
      // Far from the mode the curvature is another: no step is longer than three sds.
      const share = Math.min(1, 3 / length);
      position = position.map((value, j) => value - share * change[j]);
      if (!position.every(Number.isFinite)) return undefined;
      if (length < 0.02) break;
    }
    const shifts = position.map((value, j) => Math.abs(value - mode[j]) / sds[j]);
    const largestShiftOf = Math.max(...shifts);
    return { largestShift: largestShiftOf, parameter: shifts.indexOf(largestShiftOf) };
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return undefined;
    throw error;
  } finally {
    sample.memory.release(mark);
  }
}
