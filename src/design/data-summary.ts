/** What was read for a fit. */
export interface DataSummary {
  readonly rows: number;
  readonly droppedRows: number;
  /** Cells that the rows were counted in, rows that agree in all that the model reads being one; absent where they were not. */
  readonly cells?: number;
  /** How many of the rows each update has added; absent where there was none. */
  readonly updates?: readonly number[];
  /** Number of rows left out because their weight is 0; absent if there are none. */
  readonly zeroWeightRows?: number;
  /** What rows were weighted by: the expression, or `weights` for arrays; absent where every row counts once. */
  readonly weights?: string;
  readonly columns: number;
  /** Number of stored entries, if the design is sparse. */
  readonly nonZeros?: number;
  /** Blocks on disk that the encoded rows are in, and their size, if they do not fit into memory. */
  readonly blocks?: { readonly count: number; readonly bytes: number; readonly place?: string };
  /** The left side of the formula, with the event if that is not true or 1: `status = well`. */
  readonly target: string;
  /**
   * Mean and population sd of the target over the rows, in single precision: of an event its share, of trials those of the share
   * that succeeded, of classes those of their numbers. Absent of rows in blocks, and in what earlier
   * versions wrote.
   */
  readonly targetMean?: number;
  readonly targetSd?: number;
  /** The value of a two-valued target whose probability is modelled. */
  readonly event?: string;
  /** The same in words: `P(status = well)`, `P(delay > 15)`. */
  readonly modelled?: string;
  /** The classes of a categorical target, sorted. */
  readonly classes?: readonly string[];
  /** The reference class, whose linear predictor is 0; absent if all classes have coefficients. */
  readonly referenceClass?: string;
}
