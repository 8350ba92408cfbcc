import { type Hyperparameters, withHyperparameters } from "../models/create-model.ts";
import type { Model } from "../models/model.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";
import { RunAwayError } from "../sampling/chains/run-away.ts";
import { type PriorGroup, precisionScore, squaredDistance } from "../theory/evidence.ts";
import { DenseExpectation } from "./dense-expectation.ts";
import { DiagonalExpectation } from "./diagonal-expectation.ts";
import type { ExpectationStep } from "./expectation.ts";
import { createRobbinsMonro, type RobbinsMonro } from "./robbins-monro.ts";

/**
 * Variational EM for hyperparameters: with the joint loss N L(θ, λ) = −log p(y, θ | x, λ),
 *
 *   θ ← θ − H ĝ(θ; λ)             at a constant, optimal rate, so that θ follows (nearly) the posterior given λ
 *   log λ_g ← log λ_g + ρ_t (1 − λ_g Q_g/D_g)/s_g    with ρ_t decreasing, Q_g the mean of Σ_{j∈g}(θ_j − m_j)² over a segment
 *
 * Stationary point: E_q[½ Σ_{j∈g}(θ_j − m_j)²] = D_g/(2 λ_g), where q is the law of the iterates given λ: as far as q is the
 * posterior, a maximum of the evidence p(y | λ). The joint maximum over (θ, λ), which is λ = ∞, θ = m, is not found, as the
 * expectation holds θ's spread beside its mean. A noise scale σ is learned likewise from E_q[Σ(y − xᵀβ)²] = N σ².
 * Cost: a segment is about 64 passes over the data, or 64 autocorrelation times of the chains; some tens of segments.
 * Source: Mandt, Hoffman & Blei (2017), sections 4.2 and 7.3; steps in log λ over the slope s_g are not in the paper.
 */
export async function learnHyperparameters(
  workspace: Workspace,
  model: Model,
  options: LearnOptions,
): Promise<LearnedHyperparameters> {
  const { groups, noiseScale = false, seed = 1, tolerance = 0.01, maxSegments = 400 } = options;
  // With all classes alike C is singular, and rounding of its f32 sums outweighs a weak prior in that direction.
  const isSingular = model.numPredictors > 1 && !model.hasReference;
  const { curvature = model.dimension > maxDense || isSingular ? "bounded" : "dense" } = options;
  // The chains and modes of single segments are no stages of their own.
  const quiet: Workspace = { ...workspace, onProgress: undefined };
  const expectation =
    curvature === "dense"
      ? new DenseExpectation(quiet, model, groups, seed)
      : new DiagonalExpectation(quiet, model, groups, seed, curvature);
  workspace.onProgress?.("learning the prior", 0);
  const searches = await startSearches(expectation, model, groups, noiseScale);
  const trace: TraceEntry[] = [];
  const before = workspace.counter.rowsVisited;
  let converged = false;
  for (let index = 1; index <= maxSegments && !converged; index++) {
    const present = hyperparametersAt(model, groups, searches);
    const segment = await expectation.segment(present, index);
    if (!segment.draws.every((draw) => draw.every(Number.isFinite)))
      throw new RunAwayError("--prior learned", null, "give --prior, or leave rare levels out");
    groups.forEach((group, g) => {
      const squares = segment.draws.map((draw) => squaredDistance(group, draw, model.priorMean));
      const score = precisionScore(Math.exp(searches.precisions[g].value), mean(squares), group.parameters.length);
      searches.precisions[g].update(score, segment.slopes[g], segment.damping);
    });
    if (searches.noise)
      searches.noise.update(await noiseScore(workspace, model, present, segment.draws), 1, segment.damping);
    trace.push({
      rowsVisited: workspace.counter.rowsVisited - before,
      precisions: searches.precisions.map((search) => Math.exp(search.value)),
      ...(searches.noise && { sigma: Math.exp(-searches.noise.value / 2) }),
    });
    converged = isConverged(searches, groups, model.rows.numRows, tolerance);
    workspace.onProgress?.("learning the prior", converged ? 1 : index / maxSegments);
  }
  expectation.close();
  return conclude(model, groups, searches, trace, converged);
}

/** Parameters up to which M×M matrices are made for every step of λ. */
const maxDense = 500;

export interface LearnOptions {
  /** Disjoint groups of normal coefficients; a parameter in none keeps its prior. */
  readonly groups: readonly PriorGroup[];
  /** Whether a fixed gaussian noise scale is learned, too. Default false. */
  readonly noiseScale?: boolean;
  /** 1 */
  readonly seed?: number;
  /**
   * Monte Carlo error of log λ to stop at, 0.01; or, where that is more, a twentieth of the sd with which the data know
   * log λ, √(2/(D_g s_g)).
   */
  readonly tolerance?: number;
  /**
   * Whether the E-step holds M×M matrices, or a diagonal whose steps are bounded or one number (`DiagonalExpectation`); unless
   * told, a bounded diagonal where M exceeds 500 or a categorical model has no reference class.
   */
  readonly curvature?: "dense" | "bounded" | "scalar";
  /** 400 */
  readonly maxSegments?: number;
}

interface LearnedGroup extends PriorGroup {
  /** λ_g */
  readonly precision: number;
  /** 1/√λ_g */
  readonly sd: number;
  /** Monte Carlo standard error of log λ_g. */
  readonly error: number;
  /** Set where the search ended at a limit: the data carry no sign of the coefficients (upper), or no bound to them (lower). */
  readonly limit: "lower" | "upper" | null;
}

/** The state after one segment. */
export interface TraceEntry {
  /** Rows read until then. */
  readonly rowsVisited: number;
  /** λ_g of each group. */
  readonly precisions: readonly number[];
  readonly sigma?: number;
}

export interface LearnedHyperparameters {
  /** The model under what was learned. */
  readonly model: Model;
  readonly groups: readonly LearnedGroup[];
  /** The learned noise scale and the Monte Carlo error of its logarithm. */
  readonly noiseScale?: { readonly sigma: number; readonly error: number };
  readonly trace: readonly TraceEntry[];
  /** Whether every Monte Carlo error came below its tolerance. */
  readonly converged: boolean;
}

interface Searches {
  readonly precisions: readonly RobbinsMonro[];
  /** Of log σ⁻². */
  readonly noise?: RobbinsMonro;
}

/**
 * λ up to 30 times the data's information on a coefficient, where each is shrunk to a thirtieth; down to priors that
 * reach beyond anything: on the logit scale 30 times what one row can tell, on a gaussian's a millionth of its error.
 */
async function startSearches(
  expectation: ExpectationStep,
  model: Model,
  groups: readonly PriorGroup[],
  noiseScale: boolean,
): Promise<Searches> {
  const information = await expectation.information({});
  const least = model.family.auxiliaries[0]?.isScale ? 1e-12 : 1e-3 / model.rows.numRows;
  const precisions = groups.map(({ parameters }) => {
    const told = mean(parameters.map((j) => information[j]));
    const start = Math.log(model.priorPrecision[parameters[0]]);
    return createRobbinsMonro({ start, lower: Math.log(least * told), upper: Math.log(30 * told) });
  });
  if (!noiseScale) return { precisions };
  const start = -2 * model.fixedTau[0];
  return { precisions, noise: createRobbinsMonro({ start, lower: start - 40, upper: start + 40 }) };
}

function hyperparametersAt(
  model: Model,
  groups: readonly PriorGroup[],
  { precisions, noise }: Searches,
): Hyperparameters {
  const priorPrecision = Float64Array.from(model.priorPrecision);
  groups.forEach(({ parameters }, g) => {
    for (const j of parameters) priorPrecision[j] = Math.exp(precisions[g].value);
  });
  return noise ? { priorPrecision, sigma: Math.exp(-noise.value / 2) } : { priorPrecision };
}

/** 1 − E[Σ(y − xᵀβ)²]/(N σ²): as `precisionScore`, for the noise precision. The sum varies little, so two draws do. */
async function noiseScore(
  workspace: Workspace,
  base: Model,
  present: Hyperparameters,
  draws: readonly Float64Array[],
): Promise<number> {
  const mark = base.memory.mark();
  try {
    const model = withHyperparameters(base, present);
    const scores: number[] = [];
    for (const position of [draws[0], draws[draws.length - 1]]) {
      const { loss, count } = await rowsOf(workspace, model).pass(position, { gram: "none" });
      scores.push(1 - 2 * (loss / count - model.fixedTau[0]));
    }
    return mean(scores);
  } finally {
    base.memory.release(mark);
  }
}

function isConverged(
  { precisions, noise }: Searches,
  groups: readonly PriorGroup[],
  numRows: number,
  tolerance: number,
) {
  const within = (search: RobbinsMonro, size: number) => {
    const { error, slope, limit } = search.estimate();
    return limit !== null || error < Math.max(tolerance, 0.05 * Math.sqrt(2 / (size * slope)));
  };
  return (
    groups.every(({ parameters }, g) => within(precisions[g], parameters.length)) && (!noise || within(noise, numRows))
  );
}

function conclude(
  model: Model,
  groups: readonly PriorGroup[],
  { precisions, noise }: Searches,
  trace: readonly TraceEntry[],
  converged: boolean,
): LearnedHyperparameters {
  const learned = groups.map((group, g): LearnedGroup => {
    const { value, error, limit } = precisions[g].estimate();
    return { ...group, precision: Math.exp(value), sd: Math.exp(-value / 2), error, limit };
  });
  const priorPrecision = Float64Array.from(model.priorPrecision);
  for (const { parameters, precision } of learned) for (const j of parameters) priorPrecision[j] = precision;
  const root = noise?.estimate();
  const noiseScale = root && { sigma: Math.exp(-root.value / 2), error: root.error / 2 };
  return {
    model: withHyperparameters(model, { priorPrecision, sigma: noiseScale?.sigma }),
    groups: learned,
    noiseScale,
    trace,
    converged,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
