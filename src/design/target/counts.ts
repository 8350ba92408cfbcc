import { InputError } from "../../errors.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { formatCount } from "../../table/table-source.ts";
import type { DesignFamily } from "../design-types.ts";

export const isCount = (value: number) => Number.isInteger(value) && value >= 0;

/** From this mean on counts are near enough to a normal law that the gaussian family is no mistake. */
const largestMean = 20;
/** A Poisson law has variance over mean 1; ratings and scores, which are no counts, have much less. */
const minDispersion = 0.5;
/** A Poisson law of mean 16 has this skewness; a scale with most values in its middle has less. */
const minSkewness = 0.25;

/** The same of some rows, in plain data. */
export interface CountStatistics {
  readonly firstOther?: { readonly value: number; readonly row: number };
  readonly powerSums: readonly number[];
  readonly hasZero: boolean;
}

/** Watches whether a target's values are counts: whole numbers, 0 or more. */
export class CountCheck {
  private firstOther: { readonly value: number; readonly row: number } | undefined;
  private readonly powerSums = [0, 0, 0, 0];
  private hasZero = false;

  constructor(private readonly name: string) {}

  add(values: ArrayLike<number>, { rowNumber }: Pick<CompleteRows, "rowNumber">): void {
    if (this.firstOther) return;
    const sums = this.powerSums;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!isCount(value)) {
        this.firstOther = { value, row: rowNumber(i) };
        return;
      }
      if (value === 0) this.hasZero = true;
      sums[0]++;
      sums[1] += value;
      sums[2] += value * value;
      sums[3] += value * value * value;
    }
  }

  get statistics(): CountStatistics {
    return { firstOther: this.firstOther, powerSums: this.powerSums, hasZero: this.hasZero };
  }

  /** Adds what was gathered of rows that follow after so many. */
  merge({ firstOther, powerSums, hasZero }: CountStatistics, rowsBefore: number): void {
    if (this.firstOther) return;
    if (firstOther) this.firstOther = { ...firstOther, row: firstOther.row + rowsBefore };
    powerSums.forEach((sum, power) => {
      this.powerSums[power] += sum;
    });
    this.hasZero ||= hasZero;
  }

  /** @throws InputError naming the first value that is no count. */
  require(family: DesignFamily): void {
    if (!this.firstOther) return;
    const { value, row } = this.firstOther;
    throw new InputError(
      `The ${family} family needs whole numbers of at least 0, and ${this.name} is ${value} in data row ${formatCount(row)}; use --family gaussian for other numbers, or drop such rows with --sql.`,
    );
  }

  /**
   * A sentence where the values look like counts. It has to be rarer than it could be: all whole and at least 0, a zero
   * among them, a mean below 20, and as spread out and skewed to the right as counts are.
   */
  warnings(): string[] {
    const [count, first, second, third] = this.powerSums;
    if (this.firstOther || !this.hasZero) return [];
    const mean = first / count;
    const variance = second / count - mean ** 2;
    const skewness = (third / count - 3 * mean * (second / count) + 2 * mean ** 3) / variance ** 1.5;
    if (mean >= largestMean || variance < minDispersion * mean || skewness < minSkewness) return [];
    return [
      `${this.name} holds whole numbers from 0 on (mean ${mean.toPrecision(3)}) that look like counts, and was taken for gaussian; --family poisson or negative-binomial may fit better, and --family gaussian keeps it as it is.`,
    ];
  }
}
