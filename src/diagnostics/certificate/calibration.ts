import { InputError } from "../../errors.ts";
import { refuse, requireArray, requireNumbers, requireObject, shown } from "../../kinds.ts";

/** Predictions whose largest probability fell into the same bin. */
export interface ReliabilityBin {
  /** The bin holds probabilities above `low` and up to `high`; the first bin includes 0. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean of the probabilities, and the fraction of cases that came true; null if the bin is empty. */
  readonly predicted: number | null;
  readonly observed: number | null;
}

/** N × K probabilities, row-major, each row summing to 1; N labels are numbers of classes, 0 … K − 1. */
interface ClassPredictions {
  readonly probabilities: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

/**
 * Bins of equal width over probabilities of events and whether these came true, filled row by row, so that only the bins
 * are held in memory.
 */
export class ReliabilityBins {
  private readonly counts: Float64Array;
  private readonly predicted: Float64Array;
  private readonly observed: Float64Array;

  constructor(private readonly numBins = 10) {
    this.counts = new Float64Array(numBins);
    this.predicted = new Float64Array(numBins);
    this.observed = new Float64Array(numBins);
  }

  add(probability: number, cameTrue: boolean): void {
    const bin = Math.min(this.numBins - 1, Math.max(0, Math.ceil(probability * this.numBins) - 1));
    this.counts[bin]++;
    this.predicted[bin] += probability;
    if (cameTrue) this.observed[bin]++;
  }

  table(): ReliabilityBin[] {
    return Array.from(this.counts, (count, bin) => ({
      low: bin / this.numBins,
      high: (bin + 1) / this.numBins,
      count,
      predicted: count > 0 ? this.predicted[bin] / count : null,
      observed: count > 0 ? this.observed[bin] / count : null,
    }));
  }
}

/**
 * How often predictions of a given confidence come true: rows binned by the probability of their most probable class,
 * against the fraction of them for which that class is the label. With K = 2 columns, `event` asks for class 1 instead:
 * its probability, in bins over 0 … 1, against the fraction of rows that are class 1.
 *
 * @throws InputError where there is no row of numbers for each label, or a label is no number of a class
 * @example
 * import { reliabilityTable } from "ornstein";
 *
 * // Two rows of two classes, of which the labels are 1 and 0.
 * const predictions = { probabilities: [0.25, 0.75, 0.5, 0.5], labels: [1, 0] };
 * const table = reliabilityTable(predictions, { bins: 2, event: true });
 * console.log(table.map(({ count, predicted, observed }) => [count, predicted, observed].join(" ")).join("; ")); // 1 0.5 0; 1 0.75 1
 */
export function reliabilityTable(
  predictions: ClassPredictions,
  options: { readonly bins?: number; readonly event?: boolean } = {},
): ReliabilityBin[] {
  const numClasses = classesOf(predictions);
  const { probabilities, labels } = predictions;
  requireObject(options, "The second argument", "{ bins, event }, or leave it out");
  const { bins = 10, event = false } = options;
  if (!(Number.isInteger(bins) && bins >= 1))
    throw new InputError(`The option bins cannot be ${shown(bins)}: it takes a whole number of at least 1.`);
  const table = new ReliabilityBins(bins);
  for (let n = 0; n < labels.length; n++) {
    const at = n * numClasses;
    const named = event ? 1 : mostProbable(probabilities, at, numClasses);
    table.add(probabilities[at + named], labels[n] === named);
  }
  return table.table();
}

/**
 * Σ_bins (count/N) |predicted − observed|, the expected calibration error of a reliability table (Naeini, Cooper &
 * Hauskrecht 2015; Guo et al. 2017); NaN where it is empty.
 * @example
 * import { expectedCalibrationError, reliabilityTable } from "ornstein";
 *
 * // Two rows of two classes, of which the labels are 1 and 0.
 * const predictions = { probabilities: [0.25, 0.75, 0.5, 0.5], labels: [1, 0] };
 * console.log(expectedCalibrationError(reliabilityTable(predictions, { bins: 10 }))); // 0.375
 */
export function expectedCalibrationError(table: readonly ReliabilityBin[]): number {
  requireArray(table, "The reliability table", "what reliabilityTable gave");
  for (const bin of table) {
    requireObject(bin, "A bin of the reliability table", "what reliabilityTable gave");
    for (const value of [bin.count, bin.predicted ?? 0, bin.observed ?? 0])
      if (typeof value !== "number") refuse(value, "An entry of the reliability table", "what reliabilityTable gave");
  }
  const total = table.reduce((sum, { count }) => sum + count, 0);
  return (
    table.reduce((sum, { count, predicted, observed }) => sum + count * Math.abs(predicted! - observed!), 0) / total
  );
}

/**
 * The mean over rows of Σ_k (p_k − 1[label = k])² (Brier 1950): from 0 to 2, and for two classes twice (p₁ − y)².
 *
 * @throws InputError where there is no row of numbers for each label, or a label is no number of a class
 * @example
 * import { brierScore } from "ornstein";
 *
 * // Two rows of two classes, of which the labels are 1 and 0.
 * const predictions = { probabilities: [0.25, 0.75, 0.5, 0.5], labels: [1, 0] };
 * console.log(brierScore(predictions)); // 0.3125
 */
export function brierScore(predictions: ClassPredictions): number {
  const numClasses = classesOf(predictions);
  const { probabilities, labels } = predictions;
  let sum = 0;
  for (let n = 0; n < labels.length; n++) sum += squaredDistance(probabilities, n * numClasses, numClasses, labels[n]);
  return sum / labels.length;
}

/**
 * The mean over rows of the log of the label's probability: higher is better, 0 the best.
 *
 * @throws InputError where there is no row of numbers for each label, or a label is no number of a class
 * @example
 * import { logScore } from "ornstein";
 *
 * // Two rows of two classes, of which the labels are 1 and 0.
 * const predictions = { probabilities: [0.25, 0.75, 0.5, 0.5], labels: [1, 0] };
 * console.log(logScore(predictions).toFixed(3)); // -0.490
 */
export function logScore(predictions: ClassPredictions): number {
  const numClasses = classesOf(predictions);
  const { probabilities, labels } = predictions;
  let sum = 0;
  for (let n = 0; n < labels.length; n++) sum += Math.log(probabilities[n * numClasses + labels[n]]);
  return sum / labels.length;
}

/** Σ_k (p_k − 1[label = k])² of the K probabilities from `at` on. */
export function squaredDistance(
  probabilities: ArrayLike<number>,
  at: number,
  numClasses: number,
  label: number,
): number {
  let sum = 0;
  for (let k = 0; k < numClasses; k++) sum += (probabilities[at + k] - (k === label ? 1 : 0)) ** 2;
  return sum;
}

/** The number of the largest of the K probabilities from `at` on; the first of equal ones. */
export function mostProbable(probabilities: ArrayLike<number>, at: number, numClasses: number): number {
  let best = 0;
  for (let k = 1; k < numClasses; k++) if (probabilities[at + k] > probabilities[at + best]) best = k;
  return best;
}

/** K. @throws InputError where there is no row of K numbers for each label, or a label is no number of a class */
function classesOf(predictions: ClassPredictions): number {
  requireObject(predictions, "The first argument", "{ probabilities, labels }");
  const { probabilities, labels } = predictions;
  requireNumbers(probabilities, "The probabilities", "an array of them, row by row");
  requireNumbers(labels, "The labels", "an array of the numbers of classes");
  const numClasses = probabilities.length / labels.length;
  if (!(Number.isInteger(numClasses) && numClasses >= 2))
    throw new InputError(
      `There are ${probabilities.length} probabilities for ${labels.length} labels; give a row of them, at least 2, for each.`,
    );
  for (let n = 0; n < labels.length; n++)
    if (!(Number.isInteger(labels[n]) && labels[n] >= 0 && labels[n] < numClasses))
      throw new InputError(
        `Label ${n + 1} is ${labels[n]}; labels are the numbers of classes, 0 to ${numClasses - 1}.`,
      );
  return numClasses;
}
