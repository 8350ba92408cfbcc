import type { ScaledDesign } from "../../design/columns/standardise.ts";
import { posteriorSds } from "../../estimation/local-approximation.ts";
import type { NamedDraws } from "../../prediction/predictive-fit.ts";
import type { StreamedOutput } from "../../sampling/plan.ts";
import type { LowRankRun } from "../../sampling/run.ts";
import type { Marginals } from "./coefficients.ts";
import { momentsOf } from "./draw-moments.ts";

/** Draws of very many coefficients. They stay as the chains made them and are converted to the original scale on demand. */
class StoredDraws implements NamedDraws {
  private readonly places: ReadonlyMap<string, number>;

  constructor(
    names: readonly string[],
    private readonly drawsOf: (place: number) => readonly Float64Array[],
  ) {
    this.places = new Map(names.map((name, place) => [name, place]));
  }

  get size(): number {
    return this.places.size;
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  get(name: string): readonly Float64Array[] | undefined {
    const place = this.places.get(name);
    return place === undefined ? undefined : this.drawsOf(place);
  }

  keys(): MapIterator<string> {
    return this.places.keys();
  }

  *values(): MapIterator<readonly Float64Array[]> {
    for (const place of this.places.values()) yield this.drawsOf(place);
  }

  *entries(): MapIterator<[string, readonly Float64Array[]]> {
    for (const [name, place] of this.places) yield [name, this.drawsOf(place)];
  }

  [Symbol.iterator](): MapIterator<[string, readonly Float64Array[]]> {
    return this.entries();
  }

  forEach(visit: (draws: readonly Float64Array[], name: string, map: NamedDraws) => void): void {
    for (const [name, draws] of this.entries()) visit(draws, name, this);
  }
}

/** Means and sds over the kept draws; nothing of them is held twice. */
export function streamedMarginals(
  design: ScaledDesign,
  names: readonly string[],
  { local, output }: LowRankRun,
): Marginals {
  const { mode } = local;
  const original = originalDraws(design, local, output);
  const sds = posteriorSds(local);
  const standardScale = scaleOf(design, local);
  return {
    draws: new StoredDraws(names, original),
    drawsOf: original,
    momentsOf(index, _trace, { mean, sd, mcseMean, mcseSd }) {
      const { unit, isLogarithm } = standardScale(index);
      const own = isLogarithm
        ? { mean: mean / unit, sd: sd / unit }
        : momentsOf(standardised(output, mode.length, index));
      const laplaceMean = isLogarithm ? Math.exp(mode[index]) : mode[index];
      const laplaceSd = (isLogarithm ? laplaceMean : 1) * sds[index];
      const standardized = { ...own, predictedSd: laplaceSd, laplaceMean, laplaceSd };
      return { mean, sd, mcseMean, mcseSd, standardized };
    },
  };
}

/** What a place of θ is multiplied by for the original scale, and whether it is the logarithm of what is reported. */
function scaleOf({ columns, target }: ScaledDesign, { model }: LowRankRun["local"]) {
  const numCoefficients = columns.length * model.numPredictors;
  return (place: number): { unit: number; isLogarithm: boolean } => {
    if (place < numCoefficients)
      return { unit: target.scale / columns[place % columns.length].scale, isLogarithm: false };
    return { unit: model.auxiliaries[place - numCoefficients].isScale ? target.scale : 1, isLogarithm: true };
  };
}

/** One array a chain: what the chains drew of one place of θ. */
function standardised({ positions }: StreamedOutput, dimension: number, place: number): Float64Array[] {
  return positions.map((values) =>
    Float64Array.from({ length: values.length / dimension }, (_, draw) => values[draw * dimension + place]),
  );
}

/**
 * The draws of each entry of θ on the original scale; those of intercepts, which depend on all others, are computed
 * once.
 */
function originalDraws(
  design: ScaledDesign,
  local: LowRankRun["local"],
  run: StreamedOutput,
): (place: number) => readonly Float64Array[] {
  const { columns, target } = design;
  const dimension = local.mode.length;
  const scale = scaleOf(design, local);
  const size = columns.length;
  const intercept = columns.findIndex(({ isIntercept }) => isIntercept);
  const shifts = Float64Array.from(columns, ({ mean, scale: own, isIntercept }) => (isIntercept ? 0 : mean / own));
  const intercepts = new Map<number, readonly Float64Array[]>();
  for (let k = 0; k < local.model.numPredictors && intercept >= 0; k++) {
    const first = k * size;
    const draws = run.positions.map((values) =>
      Float64Array.from({ length: values.length / dimension }, (_, draw) => {
        const at = draw * dimension + first;
        let sum = values[at + intercept];
        for (let j = 0; j < size; j++) sum -= shifts[j] * values[at + j];
        return target.mean + target.scale * sum;
      }),
    );
    intercepts.set(first + intercept, draws);
  }
  return (place) => {
    const known = intercepts.get(place);
    if (known) return known;
    const { unit, isLogarithm } = scale(place);
    return standardised(run, dimension, place).map((draws) =>
      draws.map((value) => unit * (isLogarithm ? Math.exp(value) : value)),
    );
  };
}
