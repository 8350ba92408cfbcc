import { statePlace } from "../../checkpoint/checkpoint.ts";
import type { ReportProgress } from "../../engine/progress.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { identity, multiplyVector } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { type PrepareGradients, runTogether } from "../../rows/full-gradients.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import { drawsOutput, lastOfEach, mapSteps } from "../chains/chain-output.ts";
import type { ChainOutput, SamplerOptions } from "../plan.ts";
import { type NutsSettings, type NutsState, runNutsChain } from "./chain.ts";
import { scoresBy, scoresInLines } from "./scores.ts";
import { mostRiseOf, startBetween } from "./start.ts";
import type { TransportCoordinates } from "./transport.ts";

interface Target {
  /** The loss at θ. */
  readonly prepareLoss: PrepareGradients;
  /** Those in which the chains run; null: θ itself. */
  readonly coordinates: TransportCoordinates | null;
}

interface Adaptation extends Pick<NutsSettings, "metric" | "warmUp" | "targetAcceptance"> {
  readonly stepsPerDraw: number;
}

/** The start's sds over the posterior's. */
const startDispersion = 2;

/** All chains side by side; the draws are of θ, whatever the coordinates. */
export async function runNuts(
  { workspace, model, mode, laplaceCovariance, laplaceFactor }: DenseApproximation,
  { prepareLoss, coordinates }: Target,
  { chains: count, draws, seed }: SamplerOptions,
  { stepsPerDraw, ...adaptation }: Adaptation,
): Promise<ChainOutput> {
  const iterations = stepsPerDraw * draws;
  const tell = progressOf(count * adaptation.warmUp, count * iterations, workspace.onProgress);
  const soFar: (() => Float64Array)[] = Array.from({ length: count }, () => () => new Float64Array());
  const prepare = coordinates ? coordinates.prepare(prepareLoss) : prepareLoss;
  const guess = coordinates ? identity(mode.length) : laplaceCovariance;
  const chains = await runTogether(model.memory, prepare, count, async (evaluate, chain) => {
    const place = statePlace<NutsState>(workspace.checkpoint, "nuts", [chain, seed, iterations, adaptation, guess]);
    const scatter = createRandom(seed, chain, 4);
    const normal = Float64Array.from(mode, () => startDispersion * scatter.normal());
    const offset = multiplyVector(laplaceFactor, normal);
    const dispersed = coordinates ? normal : mode.map((value, j) => value + offset[j]);
    const mayBeBounded = traitsOf(model).mayBeBounded;
    const center = coordinates ? new Float64Array(mode.length) : mode;
    const start =
      mayBeBounded || coordinates
        ? await startBetween(evaluate, center, dispersed, coordinates ? mostRiseOf(mode.length) : Infinity)
        : dispersed;
    const onIteration = (own: () => Float64Array) => {
      soFar[chain] = own;
      tell();
      workspace.onDraws?.(() =>
        soFar
          .map((steps) => lastOfEach(steps(), mode.length, stepsPerDraw))
          .map((steps) => (coordinates ? positionsOf(steps, mode.length, coordinates) : steps)),
      );
    };
    const settings = { ...adaptation, draws: iterations, guess, onIteration, place };
    return runNutsChain(
      { dimension: mode.length, evaluate, mayBeBounded },
      start,
      settings,
      createRandom(seed, chain, 1),
    );
  });
  const positions = chains.map((chain) =>
    coordinates ? positionsOf(chain.positions, mode.length, coordinates) : chain.positions,
  );
  // Custom models: where a density is cut off, integration by parts leaves what is at the bound; and a gradient that somebody else wrote may not be the
  // loss's, which leaves the chains' law as it is, but not what it would tell of it.
  const isOwnScore = !traitsOf(model).mayBeBounded;
  return {
    ...drawsOutput(positions, mode.length, stepsPerDraw),
    ...(isOwnScore && {
      scores: coordinates ? scoresInLines(chains, coordinates) : scoresBy(laplaceCovariance, chains),
    }),
    hamiltonian: chains.map(({ statistics }) => statistics),
  };
}

function positionsOf(steps: Float64Array, dimension: number, coordinates: TransportCoordinates): Float64Array {
  return mapSteps(steps, dimension, coordinates.positions);
}

/** Counts iterations of all chains: those of the warm-up first, though chains that are ahead draw already. */
function progressOf(warmUp: number, draws: number, onProgress: ReportProgress | undefined): () => void {
  let done = 0;
  const tell = (stage: string, count: number, total: number) =>
    onProgress?.(stage, count / total, { done: count, total, unit: "iterations" });
  tell("warming up", 0, warmUp);
  return () => {
    done++;
    if (done <= warmUp) tell("warming up", done, warmUp);
    else tell("sampling", done - warmUp, draws);
  };
}
