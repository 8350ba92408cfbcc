import type { Design } from "../design/design.ts";
import { intervalEnds } from "../diagnostics/statistics/interval-ends.ts";
import { orderDraws } from "../diagnostics/statistics/ordered-draws.ts";
import { type SummaryStatistics, statisticsOf } from "../diagnostics/statistics/summary-statistics.ts";
import { approximateVariances, type WideProblem } from "../estimation/wide-problem.ts";
import type { NamedDraws } from "../prediction/predictive-fit.ts";
import type { WideRun } from "../sampling/chains/wide-chains.ts";
import { type Coefficient, finiteOrNull, type PosteriorTable } from "./coefficients.ts";

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

/** Summarises one coefficient at a time, so that no draws are held twice. */
export function summariseWide(
  design: Pick<Design, "columns" | "target">,
  names: readonly string[],
  local: WideProblem,
  run: WideRun,
): PosteriorTable {
  const original = originalDraws(design, local, run);
  const variances = approximateVariances(local);
  const standardScale = scaleOf(design, local);
  const coefficients = names.map((name, place): Coefficient => {
    const total = names.length;
    local.workspace.onProgress?.("summarising", place / total, { done: place, total, unit: "coefficients" });
    const draws = original(place);
    const ordered = orderDraws(draws);
    const s: SummaryStatistics = statisticsOf(draws, ordered);
    const ends = intervalEnds(draws, ordered);
    const kept = standardised(run, local.mode.length, place);
    const { unit, isLogarithm } = standardScale(place);
    const own = isLogarithm ? { mean: s.mean / unit, sd: s.sd / unit } : momentsOf(kept);
    const laplaceMean = isLogarithm ? Math.exp(local.mode[place]) : local.mode[place];
    const laplaceSd = (isLogarithm ? laplaceMean : 1) * Math.sqrt(variances[place]);
    return {
      name,
      mean: s.mean,
      sd: s.sd,
      "hdi_3%": ends.low,
      "hdi_97%": ends.high,
      mcse_mean: finiteOrNull(s.mcseMean),
      mcse_sd: finiteOrNull(s.mcseSd),
      "mcse_hdi_3%": finiteOrNull(ends.lowError),
      "mcse_hdi_97%": finiteOrNull(ends.highError),
      ess_bulk: finiteOrNull(s.essBulk),
      ess_tail: finiteOrNull(s.essTail),
      r_hat: finiteOrNull(s.rHat),
      standardized: { ...own, predictedSd: laplaceSd, laplaceMean, laplaceSd },
    };
  });
  return { coefficients, draws: new StoredDraws(names, original) };
}

/**
 * The factor from an entry of θ to the original scale, and whether the entry is the logarithm of the reported
 * parameter.
 */
function scaleOf({ columns, target }: Pick<Design, "columns" | "target">, { model }: WideProblem) {
  const numCoefficients = columns.length * model.outputs;
  return (place: number): { unit: number; isLogarithm: boolean } => {
    if (place < numCoefficients)
      return { unit: target.scale / columns[place % columns.length].scale, isLogarithm: false };
    return { unit: model.auxiliaries[place - numCoefficients].isScale ? target.scale : 1, isLogarithm: true };
  };
}

/** The draws of one entry of θ, one array per chain. */
function standardised({ positions }: WideRun, dimension: number, place: number): Float64Array[] {
  return positions.map((values) =>
    Float64Array.from({ length: values.length / dimension }, (_, draw) => values[draw * dimension + place]),
  );
}

/**
 * The draws of each entry of θ on the original scale; those of intercepts, which depend on all others, are computed
 * once.
 */
function originalDraws(
  design: Pick<Design, "columns" | "target">,
  local: WideProblem,
  run: WideRun,
): (place: number) => readonly Float64Array[] {
  const { columns, target } = design;
  const dimension = local.mode.length;
  const scale = scaleOf(design, local);
  const size = columns.length;
  const intercept = columns.findIndex(({ isIntercept }) => isIntercept);
  const shifts = Float64Array.from(columns, ({ mean, scale: own, isIntercept }) => (isIntercept ? 0 : mean / own));
  const intercepts = new Map<number, readonly Float64Array[]>();
  for (let k = 0; k < local.model.outputs && intercept >= 0; k++) {
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

function momentsOf(chains: readonly Float64Array[]): { mean: number; sd: number } {
  let count = 0;
  let sum = 0;
  for (const draws of chains) {
    count += draws.length;
    for (const value of draws) sum += value;
  }
  const mean = sum / count;
  let squares = 0;
  for (const draws of chains) for (const value of draws) squares += (value - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / (count - 1)) };
}
