import type { DenseApproximation } from "../src/estimation/local-approximation.ts";
import { diagonal, diagonalMatrix, identity, type Matrix, scale } from "../src/linalg/matrix.ts";
import type { SamplerSettings } from "../src/sampling/plan.ts";
import * as fisher from "../src/theory/fisher-scoring.ts";
import { langevinAsSgd } from "../src/theory/langevin.ts";
import * as optimal from "../src/theory/optimal.ts";
import { continuousStationaryCovariance } from "../src/theory/stationary.ts";

/**
 * The paper's prediction: covariance of the iterates in continuous time with the noise at the mode, by eq. 13 and the
 * corresponding equations of other samplers; null for samplers and settings for which the paper has no such equation.
 */
export function continuousCovariance(local: DenseApproximation, settings: SamplerSettings): Matrix | null {
  const { hessian, noiseCovariance } = local;
  const { sampler, batchSize, learningRate, preconditioner, momentum } = settings;
  if (batchSize === null || learningRate === null || preconditioner === "full-exact") return null;
  const given = { ...local, batchSize };
  const sgd = { hessian, noiseCovariance, batchSize };
  if (sampler === "constant-sgd" && preconditioner !== null) {
    return continuousStationaryCovariance({ ...sgd, preconditioner: stepOf(preconditioner, given) });
  }
  if (sampler === "momentum-sgd" && preconditioner === "scalar" && momentum !== null) {
    return continuousStationaryCovariance({ ...sgd, preconditioner: identity(hessian.rows, learningRate / momentum) });
  }
  if (sampler === "sgld") return continuousStationaryCovariance(langevinAsSgd(given, learningRate));
  if (sampler === "sgfs" && (preconditioner === "diagonal" || preconditioner === "full")) {
    const isFull = preconditioner === "full";
    const seen = isFull ? noiseCovariance : diagonalMatrix(diagonal(noiseCovariance));
    const scoring = { ...given, learningRate, injectedNoise: scale(seen, 1 / batchSize) };
    const step = isFull ? fisher.fullFisherPreconditioner(scoring) : fisher.diagonalFisherPreconditioner(scoring);
    return continuousStationaryCovariance(fisher.fisherScoringAsSgd(scoring, step));
  }
  return null;
}

/** H of Theorems 1, 2 and 7 and Corollary 3. */
function stepOf(name: "scalar" | "diagonal" | "sqrt-diagonal" | "full", given: optimal.NoiseAndCurvature): Matrix {
  if (name === "scalar") return identity(given.hessian.rows, optimal.scalarLearningRate(given));
  if (name === "diagonal") return optimal.diagonalPreconditioner(given);
  if (name === "sqrt-diagonal") return optimal.sqrtDiagonalPreconditioner(given);
  return optimal.fullPreconditioner(given);
}
