import { evenly } from "../prediction/moments-of-draws.ts";
import type { Evaluation } from "./evaluation.ts";
import type { PlannedEstimate } from "./plan.ts";
import type { VariedRows } from "./varied-rows.ts";

/**
 * Averages over N rows of predictions g that few draws are enough for: for each group of rows its number of rows and Σ g, of V
 * variants and P outputs, output by output.
 */
export class CoarseAverages {
  readonly counts: number[] = [];
  /** Rows of each group, with those that miss a value of a feature. */
  readonly allCounts: number[] = [];
  private readonly sums: Float64Array[] = [];
  private readonly own: Float64Array;

  constructor(
    private readonly evaluation: Evaluation,
    private readonly numVariants: number,
  ) {
    this.own = new Float64Array(numVariants * evaluation.numOutputs);
  }

  /** Counts rows before those that miss a value are left out. */
  count(groups: Int32Array): void {
    for (const group of groups) if (group >= 0) this.allCounts[group] = (this.allCounts[group] ?? 0) + 1;
  }

  add({ variants, groups }: VariedRows): void {
    groups.forEach((group, i) => {
      if (group < 0) return;
      this.sums[group] ??= new Float64Array(this.own.length);
      this.counts[group] = (this.counts[group] ?? 0) + 1;
      const sums = this.sums[group];
      this.of(variants, i).forEach((value, at) => {
        sums[at] += value;
      });
    });
  }

  /** g of a row, V × P; overwritten by the next. */
  of(variants: VariedRows["variants"], i: number): Float64Array {
    const { evaluation, numVariants, own } = this;
    const { numDraws, numOutputs } = evaluation;
    for (let v = 0; v < numVariants; v++) {
      const values = evaluation.evaluate(variants[v], i);
      for (let k = 0; k < numOutputs; k++) {
        let sum = 0;
        for (let s = 0; s < numDraws; s++) sum += values[k * numDraws + s];
        own[v * numOutputs + k] = sum / numDraws;
      }
    }
    return own;
  }

  /** Of a group with rows, V × P. */
  average(group: number): Float64Array {
    return this.sums[group].map((sum) => sum / this.counts[group]);
  }
}

/** Draws at which the spread over rows is measured. */
const spreadDraws = 16;

/** Sums of an estimate's rows, at some draws. */
interface Spread {
  /** For each output and place of the estimate ∂/∂average. */
  readonly gradient: readonly Float64Array[];
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/**
 * Averages of predictions f at S draws: those of g over all rows, and of f − g over n of them. f − g varies little from row to
 * row, so that n may be far smaller than N (difference estimator: Särndal, Swensson & Wretman 1992, §6.3).
 */
export class FineAverages {
  readonly counts: number[] = [];
  private readonly sums: Float64Array[] = [];
  private readonly spreads: Spread[][] = [];
  private readonly places: readonly number[];

  constructor(
    private readonly evaluation: Evaluation,
    private readonly coarse: CoarseAverages,
    private readonly plan: { readonly numVariants: number; readonly estimates: readonly PlannedEstimate[] },
    /** Whether n < N. */
    private readonly isSample: boolean,
  ) {
    this.places = evenly(Math.min(spreadDraws, evaluation.numDraws), evaluation.numDraws);
  }

  add({ variants, groups }: VariedRows): void {
    const { plan, evaluation, coarse } = this;
    const { numDraws, numOutputs } = evaluation;
    const size = numDraws * numOutputs;
    const atPlaces = new Float64Array(plan.numVariants * numOutputs * this.places.length);
    groups.forEach((group, i) => {
      if (group < 0) return;
      this.counts[group] = (this.counts[group] ?? 0) + 1;
      this.sums[group] ??= new Float64Array(plan.numVariants * size);
      const sums = this.sums[group];
      const own = coarse.of(variants, i);
      for (let v = 0; v < plan.numVariants; v++) {
        const values = evaluation.evaluate(variants[v], i);
        for (let k = 0; k < numOutputs; k++) {
          const at = v * numOutputs + k;
          const g = own[at];
          for (let s = 0; s < numDraws; s++) sums[at * numDraws + s] += values[k * numDraws + s] - g;
          this.places.forEach((s, j) => {
            atPlaces[at * this.places.length + j] = values[k * numDraws + s] - g;
          });
        }
      }
      if (this.isSample) this.addSpread(group, atPlaces);
    });
  }

  /** S averages of a variant's output over a group's rows. */
  average(group: number, variant: number, output: number): Float64Array {
    const { numDraws, numOutputs } = this.evaluation;
    const at = variant * numOutputs + output;
    const g = this.coarse.average(group)[at];
    const own = this.sums[group].subarray(at * numDraws, (at + 1) * numDraws);
    return own.map((sum) => g + sum / this.counts[group]);
  }

  /**
   * Standard error of an estimate at a draw that comes of averaging f − g over n rows of N, root mean square over draws; 0 where
   * n = N. Of estimates that are not linear in the averages to first order.
   */
  rowError(group: number, estimate: number, output: number): number {
    const n = this.counts[group];
    const rest = 1 - n / this.coarse.counts[group];
    if (!this.isSample || rest <= 0) return 0;
    const { sums, squares } = this.spreads[group][estimate];
    const count = this.places.length;
    let variance = 0;
    for (let j = 0; j < count; j++) {
      const at = output * count + j;
      variance += Math.max(0, squares[at] - sums[at] ** 2 / n) / Math.max(1, n - 1) / count;
    }
    return Math.sqrt((variance / n) * rest);
  }

  private addSpread(group: number, values: Float64Array): void {
    const { numOutputs } = this.evaluation;
    const count = this.places.length;
    this.spreads[group] ??= this.plan.estimates.map((estimate) => this.emptySpread(group, estimate));
    this.plan.estimates.forEach(({ places }, e) => {
      const { gradient, sums, squares } = this.spreads[group][e];
      for (let k = 0; k < numOutputs; k++)
        for (let j = 0; j < count; j++) {
          let own = 0;
          for (let p = 0; p < places.length; p++)
            own += gradient[k][p] * values[(places[p] * numOutputs + k) * count + j];
          sums[k * count + j] += own;
          squares[k * count + j] += own * own;
        }
    });
  }

  private emptySpread(group: number, { places, of }: PlannedEstimate): Spread {
    const { numOutputs } = this.evaluation;
    const averages = this.coarse.average(group);
    const gradient = Array.from({ length: numOutputs }, (_, k) =>
      gradientOf(
        of,
        Float64Array.from(places, (place) => averages[place * numOutputs + k]),
      ),
    );
    const size = numOutputs * this.places.length;
    return { gradient, sums: new Float64Array(size), squares: new Float64Array(size) };
  }
}

/** By central differences. */
function gradientOf(of: PlannedEstimate["of"], at: Float64Array): Float64Array {
  return at.map((value, p) => {
    const width = 1e-5 * Math.max(Math.abs(value), 1e-3);
    const [high, low] = [at.slice(), at.slice()];
    high[p] += width;
    low[p] -= width;
    return (of(high) - of(low)) / (high[p] - low[p]);
  });
}
