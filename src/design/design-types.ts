import type { BlockFiles, BlockStore } from "../engine/block-store.ts";
import type { FamilyName } from "../families/families.ts";
import type { EventOption } from "../formula/event.ts";
import type { ChebyshevSeries } from "../formula/polynomials.ts";
import type { ColumnType } from "../table/table-source.ts";
import type { DesignColumn, RecipeBlock } from "./column-types.ts";
import type { OrthogonalBasis } from "./columns/orthogonal-basis.ts";
import type { GroupDesign } from "./groups/group-types.ts";
import type { RecipeGroups } from "./groups/recipe-types.ts";

export type * from "./column-types.ts";

/** How columns are put on the scale on which the sampler and the priors live. */
export type Standardize = "auto" | "features" | "none";

export type DesignFamily = FamilyName;

/** Where the rows of a design go; shared WebAssembly memory, or a plain array. */
interface RowStore {
  /** Zeroed room for numRows × stride floats, row-major. */
  allocateRows(numRows: number, stride: number): Float32Array;
}

export interface DesignOptions {
  /**
   * Guessed from the target where it is left out: bernoulli for a boolean or two distinct values, categorical for text of
   * more, binomial for y | trials(n) and cbind(y, n - y), else gaussian. Counts are never guessed; a target that looks like
   * counts is named in a warning.
   */
  readonly family?: DesignFamily;
  /**
   * The event of a target of two values: the one whose probability is modelled. The second in sorted order (true, the
   * larger number) where it is left out.
   */
  readonly event?: EventOption;
  /** Whether the first class of a categorical target has no coefficients, and groups no effects on it. Default true. */
  readonly hasReferenceClass?: boolean;
  /**
   * "auto" (the default): (x − mean)/population sd for every column, and for `gaussian` and `student-t` the target too;
   * without an intercept x over the root of its mean square, as nothing would take up what centring leaves.
   * "features": the columns only; "none": everything as it is, not even centred. Means and sds are those of the kept
   * rows, each counted once whatever its weight.
   */
  readonly standardize?: Standardize;
  /**
   * An expression over the table's columns: how often each row counts, 0 or more. Rows of weight 0 are left out. `.` in
   * the formula does not mean its columns.
   */
  readonly weights?: string;
  /** Whether categorical terms have all their levels, on one scale, as a prior that is learned for each term wants them. */
  readonly allLevels?: boolean;
  /** Whether rows hold all columns or their non-zero entries only; "auto" takes what needs far less memory. */
  readonly storage?: "auto" | "dense" | "sparse";
  /**
   * Asks for dense rows in an orthogonal basis (orthogonal-basis.ts), which takes another pass: the sds that the prior gives
   * the columns' coefficients. Rows with groups are left as they are, as slopes multiply single columns.
   */
  readonly priorSds?: (columns: readonly DesignColumn[]) => ArrayLike<number>;
  /** M of the model that is made of the rows: very many parameters take sparse rows (`curvatureKind`). Columns × classes unless told. */
  readonly countParameters?: (numColumns: number, family: FamilyName, numClasses: number) => number;
  /** Refuses a number of columns that so many parameters at least come of, before all rows were read. */
  readonly requireParameters?: (atLeast: number) => void;
  /** Whether rows that agree in all that the model reads may stand once, with their number as weight. */
  readonly cells?: boolean;
  /** A plain Float32Array where it is left out. */
  readonly memory?: RowStore;
  /** Room for the rows, bytes. Default 4 GiB less 64 MiB. */
  readonly maxBytes?: number;
  /** Where dense rows go that memory is too small for; left out, they are refused. */
  readonly blocks?: BlockFiles;
  /** Called after each chunk; the data is passed over twice. */
  readonly onProgress?: (rowsDone: number, pass: 1 | 2) => void;
  readonly signal?: AbortSignal;
}

interface TargetScale {
  /** The left side of the formula; where the event is not true or 1, with the event: `class = 2`, `late = false`. */
  readonly name: string;
  /** The stored value is (value − mean)/scale; 0 and 1 where the target is not standardised. */
  readonly mean: number;
  readonly scale: number;
}

interface NumberTarget extends TargetScale {
  readonly kind: "number";
  readonly levels?: undefined;
  readonly event?: undefined;
}

interface BinaryTarget extends TargetScale {
  readonly kind: "binary";
  /** The two values, of which the last is the event, stored as 1. */
  readonly levels: readonly string[];
  /** What the model gives the probability of: `class = 2`, `y = 1`, `late = true`, `delay > 15`. */
  readonly event?: string;
}

interface ClassTarget extends TargetScale {
  readonly kind: "classes";
  /** The sorted values, stored as their numbers 0, 1, …. */
  readonly levels: readonly string[];
  readonly event?: undefined;
}

interface TrialsTarget extends TargetScale {
  /** Stored as the fraction of a row's trials that succeeded; their number is a factor of its weight. */
  readonly kind: "trials";
  readonly levels?: undefined;
  readonly event?: undefined;
}

export type DesignTarget = NumberTarget | BinaryTarget | TrialsTarget | ClassTarget;

/**
 * How the rows of a sparse design are laid out: m' of each column as D f64, then from byte `startsAt` on the address of each
 * row's record as u32, then the records (kernels/layout/model.ts, SparseRow).
 */
interface SparseLayout {
  readonly startsAt: number;
  /** Entries stored; the intercept needs none. */
  readonly nonZeros: number;
}

/** A formula's numbers: a row per kept row of the table, in its order or sorted by group (kernels/layout/model.ts, Model). */
export interface Design {
  /**
   * numRows × stride, row-major. The target stands in column stride − 1, the offset (where the formula has one) in column
   * stride − 2, divided by the target's scale, and the weight (where there are weights) in column stride − 3.
   * Where the design is sparse, shifts, the rows' addresses and their records, as `sparse` tells. Where rows are in blocks, a
   * uniform sample of them.
   */
  readonly rows: Float32Array;
  /** Where the rows are in blocks on disk. */
  readonly blocks?: BlockStore;
  /** Left out where the design is dense. */
  readonly sparse?: SparseLayout;
  /** N */
  readonly numRows: number;
  /** Where rows that agree in everything stand once, with their number in the weight: N of the data, and of each row how many it is. */
  readonly cells?: { readonly rows: number; readonly counts: Float64Array };
  /** Rows left out as they miss a value that the formula uses. */
  readonly droppedRows: number;
  /** Rows left out as their weight is 0; they are not among the dropped ones. */
  readonly zeroWeightRows: number;
  readonly hasOffset: boolean;
  readonly hasWeights: boolean;
  /** The expression that rows were weighted by; left out where there was none (trials are weights too). */
  readonly weightedBy?: string;
  /** Floats from one row to the next: D + 1, with an offset D + 2, with weights D + 3, and E more with slopes that vary by group, rounded up to a multiple of 8. Of sparse rows the mean length of a record. */
  readonly stride: number;
  /** D (D + 1 where the design is sparse) rounded up to a multiple of 8. */
  readonly paddedColumns: number;
  /** D columns; the intercept, where there is one, is the last. */
  readonly columns: readonly DesignColumn[];
  readonly hasIntercept: boolean;
  /** Where the formula has group terms. Rows are then dense, and never stored in coordinates of their own. */
  readonly groups?: GroupDesign;
  /**
   * N: which of the table's kept rows, from 0 in its order, each row in memory is, where rows are sorted by group; left out
   * where they stand in the table's order.
   */
  readonly rowOrder?: Uint32Array;
  /** Where rows are stored in coordinates of their own: a row's D numbers are xᵀT. */
  readonly basis?: OrthogonalBasis;
  readonly target: DesignTarget;
  readonly family: DesignFamily;
  /** Whether the family was guessed from the target. */
  readonly familyGuessed: boolean;
  /** The formula as it was written. */
  readonly formula: string;
  /** How the columns are made from a table. */
  readonly recipe: DesignRecipe;
  /** Whether the columns (not the intercept) are centred and divided by their sd, or without an intercept by the root of their mean square. */
  readonly standardized: boolean;
  /** Names of columns that were left out as they are constant over the kept rows. */
  readonly leftOut: readonly string[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/**
 * What stands for a column's values over the rows of a fit: mean and population sd of numbers, with the least and the largest (absent in
 * what earlier versions wrote); the most frequent level.
 */
export type TypicalValue =
  | { readonly mean: number; readonly sd: number; readonly least?: number; readonly largest?: number }
  | { readonly mode: string | number };

/** A column that a formula reads, with the type that it had. */
export interface RecipeInput {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether the numbers are dates and times, as days since 1970-01-01 (UTC). */
  readonly isTime?: boolean;
  /** The texts of a column that are not among the levels of a factor or the target, by which other rows are read. */
  readonly texts?: readonly string[];
  /** Absent of the target, of whole texts, and in what earlier versions wrote. */
  readonly typical?: TypicalValue;
}

/**
 * How a formula's columns are made from a table, as plain JSON: what predicting other rows needs of the design. A row's
 * linear predictor on the data's own scale is Σ β_j x_j + offset, with β the reported coefficients.
 */
export interface DesignRecipe {
  readonly version: 2;
  /** The formula as it was written. */
  readonly formula: string;
  /** The same with `.` and products written out, so that it means the same over any table. */
  readonly terms: string;
  readonly family: DesignFamily;
  readonly target: DesignTarget;
  readonly hasIntercept: boolean;
  readonly hasOffset: boolean;
  /** D, in the order of the coefficients of a linear predictor. */
  readonly columns: readonly { readonly name: string; readonly term: string }[];
  readonly blocks: readonly RecipeBlock[];
  /**
   * The levels of each categorical factor that the fit has seen, the one first that the others are compared with, and the
   * words that each words() counts; the others sorted.
   */
  readonly levels: Readonly<Record<string, readonly string[]>>;
  /** What each column of poly(x, k) is of x, by its name. */
  readonly polynomials: Readonly<Record<string, ChebyshevSeries>>;
  /** Where the formula has group terms. */
  readonly groups?: RecipeGroups;
  /** The table's columns that the formula reads. */
  readonly inputs: readonly RecipeInput[];
  /** DuckDB's types of the columns of the files that the rows came from, where they came from files. */
  readonly fileTypes?: Readonly<Record<string, string>>;
}
