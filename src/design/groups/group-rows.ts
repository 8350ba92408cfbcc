import { InputError } from "../../errors.ts";
import { type FamilyName, hasScale } from "../../families/families.ts";
import { formatCount } from "../../table/table-source.ts";
import type { ColumnBlock } from "../columns/columns.ts";
import { curvatureKind, denseLimit } from "../curvature-kind.ts";
import type { DesignColumn, DesignOptions } from "../design-types.ts";
import {
  type CompiledGroup,
  chooseGroupColumns,
  type FixedColumns,
  type GroupColumns,
  groupDesignOf,
} from "./group-columns.ts";
import type { GroupLevelReader, GroupLevels } from "./group-levels.ts";
import type { GroupDesign } from "./group-types.ts";

/** What groups make of a design. */
export interface GroupedRows {
  readonly design: GroupDesign;
  readonly levels: GroupLevels;
  readonly columns: GroupColumns;
  readonly extraColumns: readonly DesignColumn[];
  /** Of the extra columns. */
  readonly blocks: readonly ColumnBlock[];
  /** N: where each row stands in memory; left out where they stand as in the table. */
  readonly places?: Uint32Array;
}

/** Levels, structure and columns of group terms, once all rows have been read. @throws InputError where they cannot be had */
export function groupRows(
  groups: readonly CompiledGroup[],
  reader: GroupLevelReader,
  fixed: FixedColumns,
  options: {
    readonly numRows: number;
    readonly hasIntercept: boolean;
    readonly standardized: boolean;
    /** Of a categorical target: the names of the classes that have coefficients. */
    readonly classes: readonly string[];
  },
): GroupedRows {
  const columns = chooseGroupColumns(groups, fixed, options);
  const levels = reader.finish();
  const { extraColumns, blocks } = columns;
  const design = groupDesignOf(groups, levels, columns, options.classes);
  return { design, levels, columns, extraColumns, blocks, places: levels.places };
}

/**
 * The storage of rows with groups, which are dense.
 * @throws InputError where sparse rows are asked for, or needed for so many parameters
 */
export function denseOnly(options: DesignOptions, numParameters: number): DesignOptions {
  if (curvatureKind(numParameters) === "low-rank")
    throw new InputError(
      `The fixed effects take ${formatCount(numParameters)} parameters, and a model with group terms takes at most ${denseLimit}; make a group term of the widest categorical, as in (1 | g), or leave some out.`,
    );
  if (options.storage === "sparse")
    throw new InputError("Rows with group terms are stored dense; leave out --storage sparse, or the group terms.");
  return { ...options, storage: "dense" };
}

/** A sentence where a level for every row takes the noise's place. */
export function oneRowEach({ factors }: GroupDesign, numRows: number, family: FamilyName): string[] {
  if (!hasScale(family)) return [];
  return factors
    .filter(({ numLevels }) => numLevels === numRows)
    .map(
      ({ name }) =>
        `Each of the ${formatCount(numRows)} rows has a level of ${name} to itself, so that an intercept that varies by ${name} and the noise sigma cannot be told apart: only the prior divides them; leave ${name} out, or group by a column with several rows a level.`,
    );
}
