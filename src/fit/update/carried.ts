import type { Design } from "../../design/design-types.ts";
import { effectiveDrawsOf } from "../../diagnostics/certificate/accuracy.ts";
import { noiseOfRows } from "../../diagnostics/certificate/information.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { mostThirds, thirdDerivatives } from "../../estimation/third-derivatives.ts";
import { cholesky, invertLower, NotPositiveDefiniteError, solveLower } from "../../linalg/cholesky.ts";
import { add, congruence, diagonal, mapEntries, multiply, multiplyVector, symmetricPart } from "../../linalg/matrix.ts";
import { type Model, numObservations } from "../../models/model.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import type { ChainOutput } from "../../sampling/plan.ts";
import type { DenseRun } from "../../sampling/run.ts";
import { addTensors, symmetrised, transformTensor } from "../../theory/third-order.ts";
import { type Carried, type LawError, mostCarried, type PartSums } from "./update-types.ts";

/** What came before the rows of a run, where it is an update. */
export interface Before {
  readonly carried: Carried;
  readonly error: LawError;
}

type CarriedDesign = Pick<Design, "columns" | "basis" | "groups">;

/** What an update of this fit would need; nothing where it could not be updated (updatable.ts), or its law is none to rounding. */
export async function carriedOf(design: CarriedDesign, run: DenseRun, before?: Before): Promise<Carried | undefined> {
  if (design.groups || design.basis || run.local.mode.length > mostCarried) return undefined;
  try {
    const carried = await carriedBy(design, run, before);
    const { center, factor, noise, expectedNoise, kurtosis, thirds } = carried;
    const areFinite = (values: Float64Array) => values.every(Number.isFinite);
    if (![center, factor.data, noise.data, expectedNoise.data].every(areFinite)) return undefined;
    if (!thirds || !kurtosis || (areFinite(kurtosis) && areFinite(thirds.data))) return carried;
    return { ...carried, thirds: undefined, kurtosis: undefined };
  } catch (error) {
    // A fit is not lost for an update that nobody may ask for.
    if (error instanceof NotPositiveDefiniteError) return undefined;
    throw error;
  }
}

async function carriedBy(design: CarriedDesign, run: DenseRun, before: Before | undefined): Promise<Carried> {
  const { local, output } = run;
  const { law, chance, squares } = lawOf(local, output);
  const noise = noiseOfRows(local);
  const earlier = before?.carried;
  return {
    columns: design.columns.map(({ mean, scale }) => ({ mean, scale })),
    ...law,
    ...(await shapeOf(run, law, squares, earlier)),
    noise: symmetricPart(earlier ? add(earlier.noise, noise.noise) : noise.noise),
    expectedNoise: symmetricPart(earlier ? add(earlier.expectedNoise, noise.expectedNoise) : noise.expectedNoise),
    parts: [...(earlier?.parts ?? []), await partSums(local.workspace, local.model)],
    error: bounded(before?.error ?? { mean: 0, sd: 0 }),
    chance: bounded({
      mean: Math.hypot(earlier?.chance.mean ?? 0, chance.mean),
      sd: Math.hypot(earlier?.chance.sd ?? 0, chance.sd),
    }),
  };
}

export async function partSums(workspace: DenseApproximation["workspace"], model: Model): Promise<PartSums> {
  const { loss, gradient } = await rowsOf(workspace, model).pass(new Float64Array(model.dimension), {
    gram: "none",
  });
  // Sums that overflow tell no rows apart, and are no numbers of JSON.
  const finite = (value: number) => (Number.isFinite(value) ? value : 0);
  return { rows: numObservations(model), loss: finite(loss), gradient: Array.from(gradient, finite) };
}

/** An error so large, or unknown, says that nothing is known. */
const largestError = 1e6;
const bounded = ({ mean, sd }: LawError): LawError => {
  const bound = (value: number) => (Number.isFinite(value) ? Math.min(value, largestError) : largestError);
  return { mean: bound(mean), sd: bound(sd) };
};

/** Moments of the draws are taken in place of the normal approximation's where they differ by more than so many standard errors. */
const byChance = 2;

/** The posterior's law by its first two moments, along the axes of the normal approximation. */
function lawOf({ mode, laplaceFactor }: DenseApproximation, output: ChainOutput) {
  if (output.isIntegrated)
    return {
      law: { center: Float64Array.from(output.mean), factor: cholesky(output.covariance) },
      chance: { mean: 0, sd: 0 },
      squares: Number.POSITIVE_INFINITY,
    };
  const effective = Array.from(mode, (_, j) => effectiveDrawsOf(output, j));
  const fewest = (counts: readonly number[]) => Math.min(...counts.map((count) => (count > 0 ? count : 1)));
  const draws = fewest(effective.map(({ mean }) => mean));
  const squares = fewest(effective.map(({ covariance }) => covariance));
  const inverse = invertLower(laplaceFactor);
  const shift = multiplyVector(
    inverse,
    mode.map((value, j) => output.mean[j] - value),
  ).map((value) => (Math.abs(value) > byChance / Math.sqrt(draws) ? value : 0));
  const { data } = congruence(inverse, output.covariance);
  const sds = shift.map((_, j) => {
    const variance = data[j * (shift.length + 1)];
    return Math.abs(variance - 1) > byChance * Math.sqrt(2 / squares) ? Math.sqrt(variance) : 1;
  });
  const moved = multiplyVector(laplaceFactor, shift);
  return {
    law: {
      center: mode.map((value, j) => value + moved[j]),
      factor: mapEntries(laplaceFactor, (value, _, j) => value * sds[j]),
    },
    chance: { mean: byChance / Math.sqrt(draws), sd: byChance / Math.sqrt(2 * squares) },
    squares,
  };
}

/** @param squares the effective number of draws behind a variance */
async function shapeOf(
  { local, output }: DenseRun,
  { center, factor }: Pick<Carried, "center" | "factor">,
  squares: number,
  earlier: Carried | undefined,
): Promise<Pick<Carried, "thirds" | "kurtosis">> {
  if (center.length > mostThirds || (earlier && !earlier.thirds)) return {};
  const own = await thirdDerivatives(local, center, factor);
  const kurtosis = kurtosisOf(output, { center, factor }, byChance * Math.sqrt(24 / squares));
  if (!earlier?.thirds) return { thirds: own, kurtosis };
  const coordinates = multiply(invertLower(earlier.factor), factor);
  const thirds = symmetrised(addTensors(own, transformTensor(earlier.thirds, coordinates)));
  // The draws of an update have nothing left of how the rows before bend to fourth order.
  const left = diagonal(coordinates).map((value, j) => value ** 4 * (earlier.kurtosis?.[j] ?? 0));
  return { thirds, kurtosis: kurtosis.map((value, j) => value + left[j]) };
}

function kurtosisOf(
  { positions }: ChainOutput,
  { center, factor }: Pick<Carried, "center" | "factor">,
  leastTold: number,
): Float64Array {
  const size = center.length;
  const fourth = new Float64Array(size);
  const second = new Float64Array(size);
  let count = 0;
  for (const chain of positions)
    for (let at = 0; at < chain.length; at += size, count++)
      solveLower(
        factor,
        center.map((value, j) => chain[at + j] - value),
      ).forEach((value, j) => {
        second[j] += value ** 2;
        fourth[j] += value ** 4;
      });
  return fourth.map((sum, j) => {
    const excess = (count * sum) / second[j] ** 2 - 3;
    return Math.abs(excess) > leastTold ? excess : 0;
  });
}
