import { quantileOfSorted } from "../diagnostics/statistics/rank-normalize.ts";

/** A statistic of the observed targets, beside its distribution over data sets replicated from the fit. */
export interface PredictiveCheck {
  readonly statistic: string;
  readonly observed: number;
  /** Mean of the statistic over the replicated data sets, and the interval of 90 % of them. */
  readonly replicated: number;
  readonly low: number;
  readonly high: number;
  /** P(T(replicated) > T(observed)) + ½ P(equal): near 0 or 1 if the model does not produce such data. */
  readonly pValue: number;
}

/** Statistics of several data sets that are read row by row; `values` are a row's targets, one from each data set. */
interface Gathered {
  add(values: Float64Array): void;
  readonly statistics: readonly { readonly name: string; value(dataSet: number): number }[];
}

function moments(dataSets: number): Gathered {
  let count = 0;
  const means = new Float64Array(dataSets);
  const squares = new Float64Array(dataSets);
  return {
    add(values) {
      count++;
      for (let s = 0; s < dataSets; s++) {
        const difference = values[s] - means[s];
        means[s] += difference / count;
        squares[s] += difference * (values[s] - means[s]);
      }
    },
    statistics: [
      { name: "mean", value: (s) => means[s] },
      { name: "sd", value: (s) => Math.sqrt(squares[s] / count) },
    ],
  };
}

function extremes(dataSets: number): Gathered {
  const least = new Float64Array(dataSets).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(dataSets).fill(Number.NEGATIVE_INFINITY);
  return {
    add(values) {
      for (let s = 0; s < dataSets; s++) {
        if (values[s] < least[s]) least[s] = values[s];
        if (values[s] > most[s]) most[s] = values[s];
      }
    },
    statistics: [
      { name: "min", value: (s) => least[s] },
      { name: "max", value: (s) => most[s] },
    ],
  };
}

/** The fractions of the values 0 … K − 1; those with a name are statistics. */
function shares(dataSets: number, names: readonly string[]): Gathered {
  let count = 0;
  const counts = names.map(() => new Float64Array(dataSets));
  return {
    add(values) {
      count++;
      for (let s = 0; s < dataSets; s++) if (values[s] < counts.length) counts[values[s]][s]++;
    },
    statistics: names.map((name, k) => ({ name, value: (s) => counts[k][s] / count })),
  };
}

/** Posterior predictive checks (Gelman, Meng & Stern 1996) of data sets that are read row by row. */
export class PredictiveChecks {
  private readonly gathered: readonly Gathered[];
  /** The observed data set, and the replicated ones. */
  private readonly values: Float64Array;

  /** @param classes the classes of a categorical target; otherwise the target is a number, or a count. */
  constructor(
    private readonly numReplicates: number,
    { classes, isCount }: { readonly classes?: readonly string[]; readonly isCount: boolean },
  ) {
    const dataSets = numReplicates + 1;
    this.values = new Float64Array(dataSets);
    if (classes)
      this.gathered = [
        shares(
          dataSets,
          classes.map((level) => `share of ${level}`),
        ),
      ];
    else if (isCount) this.gathered = [moments(dataSets), shares(dataSets, ["share of zeros"]), extremes(dataSets)];
    else this.gathered = [moments(dataSets), extremes(dataSets)];
  }

  /** Adds a row: its target, and a draw of it for each replicated data set. */
  add(y: number, replicates: Float64Array): void {
    this.values[0] = y;
    this.values.set(replicates, 1);
    for (const statistics of this.gathered) statistics.add(this.values);
  }

  results(): PredictiveCheck[] {
    return this.gathered
      .flatMap(({ statistics }) => statistics)
      .map(({ name, value }) => {
        const observed = value(0);
        const values = Float64Array.from({ length: this.numReplicates }, (_, s) => value(s + 1)).sort();
        const above = values.reduce((sum, v) => sum + (v > observed ? 1 : v === observed ? 0.5 : 0), 0);
        return {
          statistic: name,
          observed,
          replicated: values.reduce((sum, v) => sum + v, 0) / values.length,
          low: quantileOfSorted(values, 0.05),
          high: quantileOfSorted(values, 0.95),
          pValue: above / values.length,
        };
      });
  }
}
