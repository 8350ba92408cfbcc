import { sparseRecordBytes } from "../engine/bindings/sparse-row.ts";
import { InputError } from "../errors.ts";
import type { Factor } from "../formula/formula.ts";
import { formatCount, type Survey, type TableSource } from "../table/table-source.ts";
import { curvatureKind } from "./curvature-kind.ts";
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

/** The one place where a design is refused as too large for memory. @throws InputError */
export function requireRoom(numRows: number, numColumns: number, bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  const gibibytes = (count: number) => (count / 2 ** 30).toPrecision(3);
  throw new InputError(
    `The design of ${formatCount(numRows)} rows × ${formatCount(numColumns)} columns takes ${gibibytes(bytes)} GiB, and ${gibibytes(maxBytes)} GiB is the limit; use fewer rows (--sql "select … using sample 10%") or fewer columns.`,
  );
}

export interface PlannedDesign extends RowSideKinds {
  readonly terms: readonly { readonly factors: readonly Factor[] }[];
  readonly hasIntercept: boolean;
  /** All columns that are read, of which a row is to miss none. */
  readonly names: readonly string[];
  /** A column whose rows of 0 are left out; undefined where there are no weights. */
  readonly weights?: string;
  readonly storage: "auto" | "dense" | "sparse";
  readonly maxBytes: number;
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
  const { terms, names, weights, maxBytes } = design;
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
  if (minBytes(whole, design, types).bytes <= maxBytes || !source.survey) return;
  const wanted = { names, numbers, ...(weights !== undefined && { weights }) };
  const part = await source.survey(wanted, true);
  if (part.numRows === part.rowsSeen) {
    const factor = total / part.rowsSeen;
    const likely = { rowsSeen: total, numRows: total, nonZeros: part.nonZeros.map((count) => count * factor) };
    const { columns, bytes } = minBytes(likely, design, types);
    if (bytes > margin * maxBytes) requireRoom(total, columns, bytes, maxBytes);
  }
  const survey = await source.survey(wanted, false);
  const { columns, bytes } = minBytes(survey, design, types);
  requireRoom(survey.numRows, columns, bytes, maxBytes);
}

/** What a design takes at least, stored in the way that will be chosen. */
function minBytes(
  { numRows, nonZeros }: Survey,
  { terms, hasIntercept, storage, ...side }: PlannedDesign,
  types: ReadonlyMap<string, string>,
): { columns: number; bytes: number } {
  const denseBytes = (numColumns: number) => 4 * numRows * denseStrideOf(numColumns, side);
  const others = terms.filter(({ factors }) => factors.every((factor) => isOfNumbers(factor, types))).length;
  const constants = nonZeros.filter((count) => count === 0).length;
  const columns = others - constants + Number(hasIntercept);
  const sparse =
    4 * numRows +
    sparseRecordBytes(
      numRows,
      nonZeros.reduce((sum, count) => sum + count, 0),
    );
  // A term of numbers is a column at most; how many levels a factor has is not known.
  const isOfNumbersAlone = terms.every(({ factors }) => factors.every((factor) => isOfNumbers(factor, types)));
  const most = isOfNumbersAlone ? terms.length + Number(hasIntercept) : Infinity;
  const mayBeSparse =
    storage === "sparse" ||
    curvatureKind(most) === "low-rank" ||
    (storage === "auto" && sparse < worthwhileFraction * denseBytes(most));
  const dense = denseBytes(columns);
  return { columns, bytes: storage === "sparse" ? sparse : mayBeSparse ? Math.min(sparse, dense) : dense };
}

/** Whether a factor is one column: an expression of numbers. */
function isOfNumbers({ wrapper, expression }: Factor, types: ReadonlyMap<string, string>): boolean {
  if (wrapper === "C") return false;
  if (expression.kind === "column") return types.get(expression.name) === "number";
  if (expression.kind === "binary") return /^[-+*/%^]$/.test(expression.operator);
  return expression.kind === "call" && !["words", "poly"].includes(expression.name);
}
