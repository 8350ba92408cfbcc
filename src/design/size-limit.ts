import { sparseRecordBytes } from "../engine/bindings/sparse-row.ts";
import { InputError } from "../errors.ts";
import type { Factor } from "../formula/formula.ts";
import { formatCount, type Survey, type TableSource } from "../table/table-source.ts";
import { curvatureKind, denseLimit } from "./curvature-kind.ts";
import { worthwhileFraction } from "./sparse-design.ts";

/** 4 GiB is what WebAssembly addresses; the engine needs some of it for itself. */
export const defaultMaxBytes = 2 ** 32 - 2 ** 26;

/** Floats of a row that kernels read eight at a time. */
export const paddedFloats = (count: number) => Math.ceil(count / 8) * 8;

/** Floats of a dense row: its columns, the target, and what else it has. */
export function denseStrideOf(numColumns: number, side: RowSideKinds): number {
  return paddedFloats(numColumns + (side.hasWeights ? 3 : side.hasOffset ? 2 : 1));
}

export interface RowSideKinds {
  readonly hasWeights: boolean;
  readonly hasOffset: boolean;
}

/** A design's size, or where rows and levels are still to come, what it is at least. */
interface SizeToRefuse {
  readonly numRows: number;
  readonly columns: number;
  readonly bytes: number;
  readonly isWhole?: boolean;
}

/** Room that a design's rows have. */
export interface RowLimit {
  readonly maxBytes: number;
  /** The folder of blocks, where rows may go there: the room is then that on its disk. */
  readonly folder?: string;
  /** Why rows that are too large for memory go nowhere else, where they do elsewhere. */
  readonly whyNotInBlocks?: string;
  /** Whether the run may be given more memory. */
  readonly moreMemory?: boolean;
}

/** The one place where a design is refused as too large. @throws InputError */
export function requireRoom({ numRows, columns, bytes, isWhole = true }: SizeToRefuse, limit: RowLimit): void {
  const { maxBytes, folder, whyNotInBlocks, moreMemory } = limit;
  if (bytes <= maxBytes) return;
  const gibibytes = (count: number) => (count / 2 ** 30).toPrecision(3);
  const atLeast = isWhole ? "" : "at least ";
  const size = `The design of ${atLeast}${formatCount(numRows)} rows × ${formatCount(columns)} columns takes ${gibibytes(bytes)} GiB`;
  const fewer = 'use fewer rows (--sql "select … using sample 10%") or fewer columns';
  throw new InputError(
    folder === undefined
      ? `${size}, and ${gibibytes(maxBytes)} GiB is the limit${whyNotInBlocks ? `, beyond which ${whyNotInBlocks}` : ""}; ${moreMemory ? "raise --memory, or " : ""}${fewer}.`
      : `${size} in blocks on disk, where ${folder} has ${gibibytes(maxBytes)} GiB left; name a folder on another disk by --cache, or ${fewer}.`,
  );
}

/**
 * The refusal of more columns than dense rows can have. Names the term that takes the most, which is a categorical one in all
 * likelihood.
 * @param columnsOf how many columns each term takes
 */
export function tooManyColumns(
  columnsOf: ReadonlyMap<string, number>,
  { columns, parameters, isWhole = true }: { columns: number; parameters: number; isWhole?: boolean },
): InputError {
  const [term, count] = [...columnsOf].reduce((widest, entry) => (entry[1] > widest[1] ? entry : widest));
  const isOfWords = term.startsWith("words(");
  const widest =
    count > 1 ? `, ${formatCount(count)} of them for the ${isOfWords ? "words" : "levels"} of "${term}"` : "";
  const inAll = parameters > columns ? `, which takes ${formatCount(parameters)} parameters` : "";
  return new InputError(
    `The formula makes ${isWhole ? "" : "at least "}${formatCount(columns)} columns${widest}${inAll}, and a dense design takes at most ${denseLimit}; leave out --storage dense, or leave ${count > 1 ? `"${term}"` : "some"} out, or ${isOfWords ? "keep words that occur in more rows, as in words(text, 200)" : `group ${count > 1 ? "its rare levels" : "them"} with --sql`}.`,
  );
}

/** Columns, and the entries in them that are not 0. */
export interface DesignSize {
  readonly columns: number;
  readonly nonZeros: number;
}

export interface PlannedDesign extends RowSideKinds {
  readonly terms: readonly { readonly factors: readonly Factor[] }[];
  readonly hasIntercept: boolean;
  /** All columns that are read, of which a row is to miss none. */
  readonly names: readonly string[];
  /** A column whose rows of 0 are left out; undefined where there are no weights, or they are more than a column. */
  readonly weights?: string;
  /** Whether `weights` tells all that is known of which rows weigh nothing. */
  readonly areWeightsKnown: boolean;
  readonly storage: "auto" | "dense" | "sparse";
  readonly limit: RowLimit;
}

/** What a sample says has to be above the limit by so much: what it has not seen may be otherwise. */
const margin = 1.1;

/**
 * Refuses a table that is too large before its rows are read one by one, where its number of rows is known and the
 * formula's columns would not fit: at once where a sample from all parts of it misses nothing, else once the rows are
 * counted that will be kept, and the entries that are not 0. What an expression or a factor takes beside plain columns is
 * left out of account, so that nothing is refused that would have fitted.
 * @throws InputError as `requireRoom`
 */
export async function requireRoomForTable(source: TableSource, design: PlannedDesign): Promise<void> {
  const { terms, names, weights, limit } = design;
  if (!design.areWeightsKnown) return;
  // From then on every source tells how many rows it has.
  await source.hold?.(names);
  const total = source.numRows ?? 0;
  const types = new Map(source.columns.map(({ name, type }) => [name, type]));
  const numbers = terms.flatMap(({ factors: [first, ...others] }) => {
    const { wrapper, expression } = first;
    const isPlain = others.length === 0 && wrapper === "" && expression.kind === "column";
    return isPlain && types.get(expression.name) === "number" ? [expression.name] : [];
  });
  const whole = { rowsSeen: total, numRows: total, nonZeros: numbers.map(() => total) };
  if (bytesOfTable(whole, design, types).bytes <= limit.maxBytes || !source.survey) return;
  const wanted = { names, numbers, ...(weights !== undefined && { weights }) };
  const part = await source.survey(wanted, true);
  if (part.numRows === part.rowsSeen) {
    const factor = total / part.rowsSeen;
    const likely = { rowsSeen: total, numRows: total, nonZeros: part.nonZeros.map((count) => count * factor) };
    const { columns, bytes } = bytesOfTable(likely, design, types);
    if (bytes > margin * limit.maxBytes) requireRoom({ numRows: total, columns, bytes }, limit);
  }
  const survey = await source.survey(wanted, false);
  const { columns, bytes } = bytesOfTable(survey, design, types);
  requireRoom({ numRows: survey.numRows, columns, bytes }, limit);
}

/** What the design of a table takes at least, stored in the way that will be chosen. */
function bytesOfTable(
  { numRows, nonZeros }: Survey,
  design: PlannedDesign,
  types: ReadonlyMap<string, string>,
): { columns: number; bytes: number } {
  const { terms, hasIntercept, storage } = design;
  const others = terms.filter(({ factors }) => factors.every((factor) => isOfNumbers(factor, types))).length;
  const constants = nonZeros.filter((count) => count === 0).length;
  const columns = others - constants + Number(hasIntercept);
  const size = { columns, nonZeros: nonZeros.reduce((sum, count) => sum + count, 0) };
  // A term of numbers is a column at most; how many levels a factor has is not known.
  const isOfNumbersAlone = terms.every(({ factors }) => factors.every((factor) => isOfNumbers(factor, types)));
  const most = isOfNumbersAlone ? terms.length + Number(hasIntercept) : Infinity;
  const isSurelyDense =
    storage === "auto" &&
    curvatureKind(most) === "dense" &&
    sparseBytes(numRows, size) >= worthwhileFraction * denseBytes(numRows, most, design);
  return { columns, bytes: minBytes(numRows, size, isSurelyDense ? { ...design, storage: "dense" } : design) };
}

/** What so many rows take at least, however they will be stored. */
export function minBytes(numRows: number, size: DesignSize, design: PlannedDesign): number {
  const [dense, sparse] = [denseBytes(numRows, size.columns, design), sparseBytes(numRows, size)];
  return { dense, sparse, auto: Math.min(dense, sparse) }[design.storage];
}

const denseBytes = (numRows: number, columns: number, side: RowSideKinds) => 4 * numRows * denseStrideOf(columns, side);

const sparseBytes = (numRows: number, { columns, nonZeros }: DesignSize) =>
  8 * columns + 4 * numRows + sparseRecordBytes(numRows, nonZeros);

/** Whether a factor is one column: an expression of numbers. */
function isOfNumbers({ wrapper, expression }: Factor, types: ReadonlyMap<string, string>): boolean {
  if (wrapper === "C") return false;
  if (expression.kind === "column") return types.get(expression.name) === "number";
  if (expression.kind === "binary") return /^[-+*/%^]$/.test(expression.operator);
  return expression.kind === "call" && !["words", "poly"].includes(expression.name);
}
