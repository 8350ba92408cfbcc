import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import { add, diagonal, diagonalMatrix, identity, type Matrix, scale, trace } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import * as theory from "../../theory/fisher-scoring.ts";
import { contractionRates } from "../../theory/stationary.ts";
import { percent } from "../../wording.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";
import { defaultBatchSize, planSgd, type SgdSettings } from "../tuning/plan-sgd.ts";

/**
 * Stochastic gradient Fisher scoring: θ ← θ − ε H ĝ(θ) + √ε H E z, z ~ N(0, I), ĝ the gradient of S rows drawn with
 * replacement. With E = 0 it is constant SGD; here half of a step's noise is injected (ε E Eᵀ = C/S at ε = 1), which
 * halves the part that comes from few rows, is not normal and changes with the state.
 *
 * Stationary law: N(θ*, Σ) with Σ = (I − εHA) Σ (I − εHA)ᵀ + ε² H C̄(Σ) H / S + ε H E Eᵀ H.
 * Settings: H = (2/N) ((ε/S) C + E Eᵀ)⁻¹ (Theorem 5), its diagonal and its scalar form (Corollary 6); `full-exact` is
 * ε H = 2 (A + N (C̄(P)/S + E Eᵀ/ε))⁻¹, for which Σ = P at any step size. Where a step would exceed h_max, more noise is
 * injected in its place, so C may be singular with every preconditioner.
 * Cost of a step: S D for the gradient and D for the noise, 1.5 D² more with a full preconditioner.
 * Source: Ahn, Korattikara & Welling (2012); Mandt, Hoffman & Blei (2017), section 5.2 and appendix E.
 */
export const sgfs: DenseSampler = {
  name: "sgfs",
  summary: "stochastic gradient Fisher scoring: half of the noise injected, steps bounded (section 5.2)",
  assumes: ["A3", "A4"],
  expandsAroundMode: true,
  tuning: ["preconditioner", "batchSize", "learningRate", "maxStep"],
  preconditioners: ["scalar", "diagonal", "full", "full-exact"],
  remedy: ({ preconditioner }) =>
    preconditioner === "full" || preconditioner === "full-exact"
      ? {
          fewDraws: "Fisher scoring makes at most one independent draw a pass over the data, so use --sampler auto",
          accuracy: preconditioner === "full" ? "use --preconditioner full-exact" : undefined,
        }
      : {
          fewDraws: "use --preconditioner full-exact or --sampler auto",
          accuracy: "use --preconditioner full-exact",
        },
  plan,
};

type Shape = "scalar" | "diagonal" | "full" | "full-exact";

const theorem: Record<Shape, string> = {
  scalar: "Corollary 6: h = 2D/(N Σ_k ((ε/S) C_kk + (EEᵀ)_kk))",
  diagonal: "Corollary 6: H_kk = (2/N) / ((ε/S) C_kk + (EEᵀ)_kk)",
  full: "Theorem 5: H = (2/N) ((ε/S) C + EEᵀ)⁻¹",
  "full-exact": "Theorem 5, exact at finite step: εH = 2 (A + N (C/S + EEᵀ/ε))⁻¹, C averaged over the posterior",
};

/** Below the square root of the smallest number. */
const leastSought = 1e-160;
/** So far above where the search begins, the noise that a bound adds is lost in the rounding of the noise that there is. */
const maxDoublings = 52;

/** The largest ρ(εHA) of the default bound on steps: well inside assumption A3. */
const largestContraction = 0.5;

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  return planSgd(local, await settings(local, options), options);
}

async function settings(local: DenseApproximation, options: SamplerOptions): Promise<SgdSettings> {
  const preconditioner = (options.preconditioner ?? "full-exact") as Shape;
  const batchSize = options.batchSize ?? defaultBatchSize(local.numRows);
  const learningRate = options.learningRate ?? 1;
  const { hessian, numRows } = local;
  const noiseCovariance =
    preconditioner === "full-exact" ? await local.noise.averagedOver(local.laplaceCovariance) : local.noiseCovariance;
  const half = scale(shaped(noiseCovariance, preconditioner), 1 / batchSize);
  const given = { hessian, noiseCovariance, numRows, batchSize, learningRate, injectedNoise: half };
  const bounded = (maxStep: number) => withBoundedSteps(given, preconditioner, maxStep);
  const maxStep = options.maxStep ?? defaultMaxStep(local, preconditioner, bounded, learningRate);
  const chosen = bounded(maxStep);
  const sgd = theory.fisherScoringAsSgd(chosen, preconditionerOf(chosen, preconditioner));
  const notes: string[] = [];
  if (trace(chosen.injectedNoise) > (1 + 1e-9) * trace(half)) {
    notes.push(
      `Steps longer than ${maxStep.toPrecision(3)} are cut to that length, with more injected noise to make up for them.`,
    );
  }
  if (options.learningRate !== undefined) {
    notes.push(
      `With the learning rate ${learningRate} the minibatch makes ${percent(1 - trace(chosen.injectedNoise) / trace(theory.totalNoise(chosen)))} of a step's noise, where 1 would make about half.`,
    );
  }
  return {
    sampler: sgfs.name,
    preconditioner,
    batchSize,
    learningRate,
    maxStep: Number.isFinite(maxStep) ? maxStep : undefined,
    step: sgd.preconditioner,
    injectedNoise: sgd.injectedNoise,
    because: theorem[preconditioner],
    notes,
  };
}

/** The part of a noise that a preconditioner of this shape sees. */
function shaped(noise: Matrix, shape: Shape): Matrix {
  return shape === "scalar" || shape === "diagonal" ? diagonalMatrix(diagonal(noise)) : noise;
}

function preconditionerOf(given: theory.FisherScoring, shape: Shape): Matrix {
  if (shape === "scalar") return identity(given.hessian.rows, theory.scalarFisherStep(given));
  if (shape === "diagonal") return theory.diagonalFisherPreconditioner(given);
  return shape === "full" ? theory.fullFisherPreconditioner(given) : theory.exactFisherPreconditioner(given);
}

/** The same with so much injected noise that no step is longer than h_max. */
function withBoundedSteps(given: theory.FisherScoring, shape: Shape, maxStep: number): theory.FisherScoring {
  if (maxStep === Number.POSITIVE_INFINITY) return given;
  const total = theory.totalNoise(given);
  const size = total.rows;
  const seen = shape === "scalar" ? identity(size, trace(total) / size) : shaped(total, shape);
  const excess = theory.boundedStepNoise(seen, given.numRows, maxStep);
  return { ...given, injectedNoise: add(given.injectedNoise, excess) };
}

/**
 * The largest h_max, to 5%, that keeps ρ(εHA) within bounds; infinite where no step has to be bounded. H grows with h_max,
 * and H ⪯ h_max I gives ρ(εHA) ≤ ε h_max λ_max(A), where the search begins.
 */
function defaultMaxStep(
  { hessian }: DenseApproximation,
  shape: Shape,
  bounded: (maxStep: number) => theory.FisherScoring,
  learningRate: number,
): number {
  const isWithin = (maxStep: number) => {
    try {
      const step = scale(preconditionerOf(bounded(maxStep), shape), learningRate);
      const rates = contractionRates(step, hessian);
      return rates[rates.length - 1] <= largestContraction;
    } catch (error) {
      if (error instanceof NotPositiveDefiniteError) return false; // no noise in some direction: the step is infinite
      throw error;
    }
  };
  if (isWithin(Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  const curvatures = symmetricEigen(hessian).values;
  let low = largestContraction / (learningRate * curvatures[curvatures.length - 1]);
  // Steps that numbers hardly hold are refused later on; here nothing is to be found between them.
  if (!(low > leastSought)) return low;
  let high = 2 * low;
  for (let doublings = 0; isWithin(high); doublings++) {
    low = high;
    high *= 2;
    if (doublings === maxDoublings || high === Number.POSITIVE_INFINITY) return low;
  }
  while (high > 1.05 * low) {
    // Not √(low high): the product of two small numbers is 0.
    const middle = low * Math.sqrt(high / low);
    if (isWithin(middle)) low = middle;
    else high = middle;
  }
  return low;
}
