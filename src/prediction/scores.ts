import {
  expectedCalibrationError,
  mostProbable,
  type ReliabilityBin,
  ReliabilityBins,
  squaredDistance,
} from "../diagnostics/certificate/calibration.ts";

/** How good the predictions of rows with a known target are. */
interface CommonScores {
  /** Rows that were scored. */
  readonly rows: number;
  /** Mean over rows of log ∫ p(y | θ) p(θ | data) dθ, and its standard error (null for a single row). Higher is better. */
  readonly logScore: number;
  readonly logScoreError: number | null;
}

export interface NumberScores extends CommonScores {
  /** Errors of the predictive means. */
  readonly rmse: number;
  readonly mae: number;
  /** The fraction of targets within central predictive intervals. */
  readonly coverage: readonly { readonly level: number; readonly observed: number }[];
  /**
   * Fractions of the targets' probability integral transforms (randomised for discrete targets) in ten bins of equal
   * width: 0.1 each if predictions are calibrated.
   */
  readonly pitHistogram: readonly number[];
}

export interface ClassScores extends CommonScores {
  /** Fraction of rows whose most probable class is the true one. */
  readonly accuracy: number;
  /**
   * Brier score: mean squared distance of the probabilities from the outcome; for two classes (p − y)², of the event's
   * probability alone.
   */
  readonly brier: number;
  readonly expectedCalibrationError: number;
  /** Binned by the event's probability, or with more classes by that of the most probable one. */
  readonly reliability: readonly ReliabilityBin[];
}

/** The levels of the coverage table. */
const levels = [0.5, 0.8, 0.9, 0.95];
const pitBins = 10;

/** Mean and standard error of log scores, row by row. */
class LogScores {
  count = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    const difference = value - this.mean;
    this.mean += difference / ++this.count;
    this.squares += difference * (value - this.mean);
  }

  result(): CommonScores {
    const { count, mean, squares } = this;
    return { rows: count, logScore: mean, logScoreError: count > 1 ? Math.sqrt(squares / (count - 1) / count) : null };
  }
}

export class NumberScoring {
  private readonly logs = new LogScores();
  private squares = 0;
  private distances = 0;
  private readonly within = new Float64Array(levels.length);
  private readonly bins = new Float64Array(pitBins);

  /** @param pit the predicted probability of values below y, plus a random fraction of that of y itself */
  add(y: number, mean: number, pit: number, logDensity: number): void {
    this.logs.add(logDensity);
    this.squares += (y - mean) ** 2;
    this.distances += Math.abs(y - mean);
    levels.forEach((level, k) => {
      if (Math.abs(pit - 0.5) <= level / 2) this.within[k]++;
    });
    this.bins[Math.min(pitBins - 1, Math.floor(pit * pitBins))]++;
  }

  result(): NumberScores {
    const { count } = this.logs;
    return {
      ...this.logs.result(),
      rmse: Math.sqrt(this.squares / count),
      mae: this.distances / count,
      coverage: levels.map((level, k) => ({ level, observed: this.within[k] / count })),
      pitHistogram: Array.from(this.bins, (bin) => bin / count),
    };
  }
}

export class ClassScoring {
  private readonly logs = new LogScores();
  private right = 0;
  private squares = 0;
  private readonly bins = new ReliabilityBins();

  /** @param probabilities the probabilities of the K classes */
  add(label: number, probabilities: Float64Array, logDensity: number): void {
    const numClasses = probabilities.length;
    const best = mostProbable(probabilities, 0, numClasses);
    this.logs.add(logDensity);
    if (best === label) this.right++;
    const distance = squaredDistance(probabilities, 0, numClasses, label);
    this.squares += numClasses === 2 ? distance / 2 : distance;
    const named = numClasses === 2 ? 1 : best;
    this.bins.add(probabilities[named], label === named);
  }

  result(): ClassScores {
    const { count } = this.logs;
    const reliability = this.bins.table();
    return {
      ...this.logs.result(),
      accuracy: this.right / count,
      brier: this.squares / count,
      expectedCalibrationError: expectedCalibrationError(reliability),
      reliability,
    };
  }
}
