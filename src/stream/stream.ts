import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { InputError } from "../errors.ts";
import { type Matrix, multiplyVector } from "../linalg/matrix.ts";
import {
  type OnePass,
  type OnePassRow,
  onePassCovariance,
  onePassVariance,
  restorePrior,
  takeRow,
} from "../theory/one-pass.ts";
import { takeFirstRows } from "../theory/one-pass-start.ts";
import { isUnusable, priorOf, rowsOf, type StreamModel, type StreamRecord } from "./stream-model.ts";

/** A coefficient as it stands, on the data's own scale. */
export interface StreamEstimate {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly low: number;
  readonly high: number;
}

/** Rows after which S⁻¹ is computed anew, at most; a tenth of the memory where rows are forgotten. */
const rowsBetweenRefreshes = 10_000;

/** Reasons that are counted by themselves; there may be as many as rows. */
const mostReasons = 20;
const otherReasons = "Other reasons.";

/** A posterior that rows are added to one by one, none of which is kept but the first few until their mode is found. */
export class Stream {
  /** Rows taken in. */
  rows = 0;
  /** Rows that could not be, by the reason. */
  readonly unusable: Map<string, number>;
  /** Held until there are enough for a start. */
  private held: OnePassRow[] = [];
  private pass: OnePass | undefined;

  /**
   * @param rate f: the share of what is known that each row makes forget
   * @param first Rows that are held for the start
   */
  constructor(
    readonly model: StreamModel,
    readonly rate: number,
    private readonly first: number,
    /** σ² of the first rows, the unit of the prior; 1 where the family has none. */
    private unit: number | undefined = undefined,
    given: { readonly pass?: OnePass; readonly rows?: number; readonly unusable?: Iterable<[string, number]> } = {},
  ) {
    this.pass = given.pass;
    this.rows = given.rows ?? 0;
    this.unusable = new Map(given.unusable ?? []);
  }

  /**
   * Takes rows in, and counts those that cannot be used.
   * @param onUnusable Hears each reason that is new, with the row's place; no further row is taken in where it throws
   */
  async take(records: readonly StreamRecord[], onUnusable: (reason: string, index: number) => void): Promise<void> {
    const rows = records.length === 0 ? [] : await rowsOf(this.model, records);
    rows.forEach((row, index) => {
      if (!isUnusable(row)) this.add(row);
      else if (this.leaveOut(row.reason)) onUnusable(row.reason, index);
    });
  }

  /** Counts a row that is not taken in. Says whether the reason is new. */
  leaveOut(reason: string): boolean {
    const known = this.unusable.has(reason) || this.unusable.size < mostReasons ? reason : otherReasons;
    const count = this.unusable.get(known) ?? 0;
    this.unusable.set(known, count + 1);
    return count === 0;
  }

  private get refreshEvery(): number {
    return Math.max(1, Math.min(rowsBetweenRefreshes, Math.floor(0.1 / this.rate)));
  }

  private add(row: OnePassRow): void {
    this.rows++;
    if (this.pass) {
      takeRow(this.pass, row, this.rate);
      const { refreshEvery: every } = this;
      if (this.rows % every === 0) restorePrior(this.pass, priorOf(this.model, this.unit), this.rate, every);
      return;
    }
    this.held.push(row);
    if (this.held.length >= this.first) this.start();
  }

  /** The state of the rows so far, which begins with the mode of those that are held. */
  private start(): OnePass {
    if (this.pass) return this.pass;
    if (this.held.length === 0)
      throw new InputError("The stream has no row that can be used, so that there is nothing to report.");
    this.unit ??= this.unitOf();
    this.pass = takeFirstRows(this.held, priorOf(this.model, this.unit), this.rate);
    this.held = [];
    return this.pass;
  }

  /** σ² of the rows that are held, about a first fit with a prior that is wide for any σ. */
  private unitOf(): number {
    if (this.model.recipe.family !== "gaussian") return 1;
    const rough = onePassVariance(takeFirstRows(this.held, priorOf(this.model, 1e-8), 0));
    // Rows that lie on a plane leave no variance: of a standardised target no more than so much is trusted.
    return Number.isFinite(rough) ? Math.min(Math.max(rough, 1e-12), 1) : 1;
  }

  /** φ: σ² of gaussian rows on the standardised scale. */
  private get dispersion(): number {
    if (this.model.recipe.family !== "gaussian") return 1;
    const variance = onePassVariance(this.start());
    if (Number.isFinite(variance)) return variance;
    throw new InputError(
      `The stream has ${this.rows} rows, too few for ${this.model.means.length} coefficients and a variance.`,
    );
  }

  /**
   * Every coefficient with its interval, as normal as the posterior of many rows is.
   * @throws InputError where there are too few rows
   * @param interval The probability that each interval is to contain
   */
  estimates(interval: number): StreamEstimate[] {
    const pass = this.start();
    const { recipe } = this.model;
    const rows = toDataScale(this.model);
    const covariance = onePassCovariance(pass, this.rate, this.dispersion);
    const reach = normalQuantile((1 + interval) / 2, 0, 1);
    return recipe.columns.map(({ name }, j) => {
      const { weights, constant } = rows[j];
      const mean = constant + weights.reduce((sum, weight, k) => sum + weight * pass.position[k], 0);
      const sd = Math.sqrt(Math.max(0, quadratic(covariance, weights)));
      return { name, mean, sd, low: mean - reach * sd, high: mean + reach * sd };
    });
  }

  /** The noise sd of gaussian rows, on the data's own scale. */
  get sigma(): number | undefined {
    const { family, target } = this.model.recipe;
    return family === "gaussian" ? Math.sqrt(this.dispersion) * target.scale : undefined;
  }

  /** Everything that goes on needs, as plain JSON. */
  state(): StreamState {
    const { position, information, noise, count, spent, residual } = this.start();
    const { model, rate, rows } = this;
    const numbers = (matrix: Matrix) => [...matrix.data];
    return {
      ornsteinStream: 1,
      model,
      rate,
      rows,
      unit: this.unit!,
      unusable: [...this.unusable],
      pass: {
        ...{ position: [...position], information: numbers(information), noise: numbers(noise) },
        ...{ count, spent, residual },
      },
    };
  }
}

/** A stream as plain JSON. */
export interface StreamState {
  /** The number of this form. */
  readonly ornsteinStream: 1;
  readonly model: StreamModel;
  readonly rate: number;
  readonly rows: number;
  readonly unit: number;
  readonly unusable: [string, number][];
  readonly pass: Pick<OnePass, "count" | "spent" | "residual"> & {
    readonly position: number[];
    readonly information: number[];
    readonly noise: number[];
  };
}

/** The coefficients on the data's own scale as linear functions of the standardised ones. */
function toDataScale({ means, scales, recipe }: StreamModel): { weights: Float64Array; constant: number }[] {
  const size = means.length;
  const { scale, mean } = recipe.target;
  return means.map((_, j) => {
    const weights = new Float64Array(size);
    weights[j] = scale / scales[j];
    if (!recipe.hasIntercept || j < size - 1) return { weights, constant: 0 };
    for (let k = 0; k < size - 1; k++) weights[k] = (-scale * means[k]) / scales[k];
    return { weights, constant: mean };
  });
}

function quadratic(covariance: Matrix, weights: Float64Array): number {
  return multiplyVector(covariance, weights).reduce((sum, value, j) => sum + value * weights[j], 0);
}
