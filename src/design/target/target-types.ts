import type { CompleteRows } from "../../table/complete-rows.ts";
import type { Moments } from "../../table/moments.ts";
import type { DesignFamily, DesignTarget, Standardize } from "../design-types.ts";
import type { CountStatistics } from "./counts.ts";

export interface FinishedTarget {
  readonly target: DesignTarget;
  readonly family: DesignFamily;
  readonly familyGuessed: boolean;
  /** Sentences for people. */
  readonly warnings: readonly string[];
  /** Writes the stored values of what `read` returned to `rows[at + i stride]`. */
  readonly encodeInto: (values: ArrayLike<number>, rows: Float32Array, at: number, stride: number) => void;
}

/** What the scale of a target of numbers rests on. */
export interface TargetScaling {
  readonly standardize: Standardize;
  /** Without an intercept a target is not centred. */
  readonly hasIntercept: boolean;
  /**
   * Taken off the mean of a standardised target, as the intercept and its prior are those of what the offset leaves; 0
   * where there is no offset.
   */
  readonly offsetMean: number;
}

/** What a target has gathered of some rows, in plain data. */
export interface TargetStatistics {
  /** The values, or codes of texts, that occur: all of them, or more than any family takes; of trials the fewest and the most. */
  readonly seen: readonly number[];
  readonly moments?: Moments;
  readonly counts?: CountStatistics;
}

/** The left side of a formula: its values, and what they say about the family. */
export interface TargetReader {
  /** Numbers, or codes of texts. @throws InputError where a number is not finite. */
  read(rows: CompleteRows): Float64Array | Int32Array;
  /** The name of a class: what `read` returned of a row, as text. */
  labelOf(value: number): string;
  /** Called once for each chunk of the first pass with what `read` returned of it. */
  add(values: ArrayLike<number>, rows: Pick<CompleteRows, "rowNumber">): void;
  readonly statistics: TargetStatistics;
  /** Adds what was gathered of rows that follow after so many. */
  merge(others: TargetStatistics, rowsBefore: number): void;
  /**
   * @throws InputError where the target does not suit the family.
   */
  finish(family: DesignFamily | undefined, scaling: TargetScaling): FinishedTarget;
}
