import type { CompleteRowReader } from "../table/complete-rows.ts";
import { isRounding } from "../table/moments.ts";
import type { TableSource } from "../table/table-source.ts";
import { curvatureKind } from "./curvature-kind.ts";
import { type DesignSize, minBytes, type PlannedDesign, requireRoom, tooManyColumns } from "./size-limit.ts";
import type { TermRows } from "./term-rows.ts";

/** Rows of the first look at what they come to, and how many times as many are read until the next. */
const firstLook = 4096;
const growth = 1.25;

/**
 * Refuses a design during the first pass, as soon as what was read of it is too large: the whole has no fewer rows, levels or
 * entries. Where the columns so far would not fit with all of the table's rows, those that will be kept are counted.
 */
export class RoomWatch {
  private nextLook = firstLook;
  /** Rows that will be kept; undefined until they are counted. */
  private keptRows: number | undefined;

  constructor(
    private readonly source: TableSource,
    private readonly design: PlannedDesign,
    private readonly terms: readonly TermRows[],
    private readonly requireParameters: (atLeast: number) => void = () => {},
  ) {}

  /** @throws InputError where the rows do not fit, or the columns are more than dense rows can have */
  async look({ rowsRead, droppedRows, zeroWeightRows }: CompleteRowReader): Promise<void> {
    if (rowsRead < this.nextLook) return;
    this.nextLook = growth * rowsRead;
    const { design, source } = this;
    const { size, byTerm } = sizeSoFar(this.terms, design.hasIntercept);
    if (design.storage === "dense" && curvatureKind(size.columns) === "low-rank")
      throw tooManyColumns(byTerm, { columns: size.columns, parameters: size.columns, isWhole: false });
    this.requireParameters(size.columns);
    const isTooLarge = (numRows: number) => minBytes(numRows, size, design) > design.limit.maxBytes;
    this.keptRows ??= isTooLarge(source.numRows ?? 0) ? await this.countKept() : undefined;
    const numRows = this.keptRows ?? rowsRead - droppedRows - zeroWeightRows;
    if (isTooLarge(numRows))
      requireRoom({ numRows, ...size, bytes: minBytes(numRows, size, design), isWhole: false }, design.limit);
  }

  private async countKept(): Promise<number | undefined> {
    const { source, design } = this;
    if (!source.survey || !design.areWeightsKnown) return undefined;
    const { names, weights } = design;
    return (await source.survey({ names, numbers: [], ...(weights !== undefined && { weights }) }, false)).numRows;
  }
}

/**
 * Of the terms with the same numbers, levels that are a linear combination of other columns have none of their own: of a
 * factor all but one count, and of products of levels, which tell what their factors tell too, the largest alone. Words may
 * turn out to be too rare, and do not count.
 */
function sizeSoFar(
  terms: readonly TermRows[],
  hasIntercept: boolean,
): { size: DesignSize; byTerm: Map<string, number> } {
  const sizes = new Map<string, { alone: DesignSize; product: DesignSize }>();
  const byTerm = new Map<string, number>();
  for (const term of terms) {
    if (term.words) continue;
    const size = termSoFar(term);
    byTerm.set(term.name, size.columns);
    const { alone, product } = sizes.get(term.numericKey) ?? { alone: nothing, product: nothing };
    sizes.set(
      term.numericKey,
      term.categoricals.length > 1
        ? { alone, product: eachOf(Math.max, product, size) }
        : { alone: eachOf((a, b) => a + b, alone, size), product },
    );
  }
  const start = { columns: Number(hasIntercept), nonZeros: 0 };
  const size = [...sizes.values()].reduce(
    (sum, { alone, product }) => eachOf((a, b) => a + b, sum, eachOf(Math.max, alone, product)),
    start,
  );
  return { size, byTerm };
}

const nothing: DesignSize = { columns: 0, nonZeros: 0 };

const eachOf = (combine: (a: number, b: number) => number, a: DesignSize, b: DesignSize): DesignSize => ({
  columns: combine(a.columns, b.columns),
  nonZeros: combine(a.nonZeros, b.nonZeros),
});

function termSoFar(term: TermRows): DesignSize {
  if (term.categoricals.length === 0) {
    const { mean, squares, count } = term.moments(0);
    const isConstant = count === 0 || isRounding(Math.sqrt(squares / count), mean);
    return isConstant ? nothing : { columns: 1, nonZeros: term.nonZeros(0) };
  }
  let size = nothing;
  let largest = 0;
  for (let cell = 0; cell < term.numCells; cell++) {
    const nonZeros = term.nonZeros(cell);
    if (nonZeros === 0) continue;
    size = { columns: size.columns + 1, nonZeros: size.nonZeros + nonZeros };
    largest = Math.max(largest, nonZeros);
  }
  return { columns: Math.max(size.columns - 1, 0), nonZeros: size.nonZeros - largest };
}
