import type { Formula } from "../formula/formula.ts";
import { formatCount, type TableSource } from "../table/table-source.ts";
import type { BlockEncoder } from "./blocks/block-encoder.ts";
import { ContentHash } from "./blocks/content-hash.ts";
import { encodeBlocks } from "./blocks/encode-blocks.ts";
import { cellsOf } from "./cells.ts";
import { columnsOf, finishTarget } from "./columns/design-columns.ts";
import { fitPolynomials } from "./columns/fit-polynomials.ts";
import { orthogonalBasis } from "./columns/orthogonal-basis.ts";
import { type CompiledFormula, compileFormula } from "./compile-formula.ts";
import { compileTerms } from "./compile-terms.ts";
import type { Design, DesignOptions, DesignTarget } from "./design-types.ts";
import { DistantDesign } from "./distant/distant-design.ts";
import { duplicateWarnings, twinWarnings } from "./duplicates.ts";
import { fillRows, triangularFactorOf } from "./fill.ts";
import { firstPass, passOver } from "./first-pass.ts";
import { GroupLevelReader, levelsOfRows } from "./groups/group-levels.ts";
import { denseOnly, groupRows, oneRowEach } from "./groups/group-rows.ts";
import { inverseOf } from "./groups/level-order.ts";
import { recipeGroupsOf } from "./groups/recipe-groups.ts";
import { recipeOf } from "./recipe/design-recipe.ts";
import { settleTexts } from "./recipe/settle-texts.ts";
import { RoomWatch } from "./room-watch.ts";
import { type FirstPass, RowStatistics } from "./row-statistics.ts";
import { allocateStorage, memoryLimit } from "./row-storage.ts";
import { type PlannedDesign, paddedFloats, type RowLimit, requireRoomForTable } from "./size-limit.ts";
import { classNames } from "./target/class-names.ts";
import type { FinishedTarget } from "./target/target-types.ts";

/**
 * Makes a design of a table in two passes: the first finds the levels, means and sds, the second writes the rows.
 *
 * @throws InputError where the formula does not fit the table, a value cannot be used, nothing is left to fit, or the
 * rows would not fit into `maxBytes`.
 */
export async function buildDesign(table: TableSource, formula: Formula, options: DesignOptions = {}): Promise<Design> {
  const source = await settleTexts(table, { ...options, formula });
  const compiled = compileFormula(formula, source.columns, options);
  const planned = plannedDesign(compiled, options);
  const distant = table.distant && (await DistantDesign.of(table, source, compiled, options));
  if (!distant) await requireRoomForTable(source, planned);

  const pass = passOver(source, compiled, options);
  const polynomials = distant
    ? await distant.polynomials()
    : await fitPolynomials(compiled.factors, compiled.scope, pass);
  const { terms, groups, all } = compileTerms(compiled, polynomials);
  const reader = groups.length > 0 ? new GroupLevelReader(groups, compiled.scope) : undefined;
  const watch = new RoomWatch(source, planned, terms, options.requireParameters);
  const createHash = options.blocks?.createHash;
  const content = createHash && new ContentHash(createHash, compiled.texts);
  const gathered = new RowStatistics(compiled, all);
  const seen = distant
    ? await distant.firstPass(gathered, reader)
    : await firstPass(pass, gathered, { groups: reader, watch, content }, source.label ?? "the data");
  const target = finishTarget(compiled, seen, options);
  const { chosen, columns } = columnsOf(compiled, terms, seen.numRows, options);
  const { hasIntercept } = compiled.expanded;
  const standardized = options.standardize !== "none";
  const fixed = { columns, blocks: chosen.blocks };
  const classes = classNames(target.target, options.hasReferenceClass ?? true);
  const grouped =
    reader && groupRows(groups, reader, fixed, { numRows: seen.numRows, hasIntercept, standardized, classes });

  const { textLevels } = seen;
  const cells = options.cells && !grouped ? await cellsOf(source, compiled, terms, options) : undefined;
  const numRows = cells?.numCells ?? seen.numRows;
  const hasWeights = planned.hasWeights || cells !== undefined;
  const { hasOffset } = planned;
  const side = { hasWeights, hasOffset };
  const numParameters = countParameters(columns.length, target, options);
  const stored = {
    columns: [...columns, ...(grouped?.extraColumns ?? [])],
    blocks: [...fixed.blocks, ...(grouped?.blocks ?? [])],
  };
  const inMemory = grouped && !distant ? denseOnly({ ...options, blocks: undefined }, numParameters) : options;
  const storage = distant
    ? distant.storageOf(stored, numRows, numParameters, side)
    : allocateStorage(stored, numRows, numParameters, side, inMemory, cells?.countNonZeros);
  const bare = { ...storage, numRows, ...stored, places: distant ? undefined : grouped?.places };
  const basis =
    options.priorSds && !grouped
      ? orthogonalBasis(await triangularFactorOf(pass, bare, terms), options.priorSds(columns), seen.numRows)
      : undefined;
  const layout = { ...bare, basis };
  const ofRows = { target: { ...target, read: compiled.target.read }, offset: compiled.offset };
  const levels = new Map([...chosen.levels, ...(grouped?.columns.levels ?? [])]);
  const recipeGroups = grouped && recipeGroupsOf(grouped);
  const parts = {
    ...target,
    ...chosen,
    levels,
    groups: recipeGroups,
    columns,
    polynomials,
    texts: textLevels,
    typical: seen.typical,
    fileTypes: source.fileTypes,
  };
  const recipe = recipeOf(formula, compiled.scope.columns, compiled.expanded, parts);
  const fill = (encoder?: BlockEncoder) => fillRows(cells?.pass ?? pass, { ...layout, encoder }, all, ofRows);
  const blocks = distant
    ? await distant.encode(stored.columns, storage, numRows, grouped && levelsOfRows(grouped.levels))
    : storage.isInBlocks
      ? await encodeBlocks({ ...layout, ...side, cells }, { recipe, content }, options, fill)
      : undefined;
  if (!blocks) await fill();
  const { rows = storage.rows, store } = blocks ?? {};
  const { stride, sparse } = storage;
  return {
    rows,
    ...(store && { blocks: store }),
    numRows,
    ...(cells && { cells: { rows: seen.numRows, counts: cells.counts } }),
    droppedRows: seen.droppedRows,
    zeroWeightRows: seen.zeroWeightRows,
    ...side,
    ...(options.weights !== undefined && { weightedBy: options.weights }),
    stride,
    paddedColumns: paddedFloats(columns.length + Number(sparse !== undefined)),
    ...(sparse && { sparse: { startsAt: sparse.startsAt, nonZeros: sparse.nonZeros } }),
    columns,
    hasIntercept,
    ...(basis && { basis }),
    ...(grouped && { groups: grouped.design }),
    ...(grouped?.places && !distant && { rowOrder: inverseOf(grouped.places) }),
    target: target.target,
    family: target.family,
    familyGuessed: target.familyGuessed,
    formula: formula.text,
    recipe,
    standardized,
    leftOut: chosen.leftOut,
    warnings: [
      ...(source.notes ?? []),
      ...target.warnings,
      ...chosen.warnings,
      ...trialWarnings(target.target, seen, options),
      ...(grouped ? oneRowEach(grouped.design, numRows, target.family) : []),
      ...(store ? twinWarnings(columns, store.summary.twins) : basis ? [] : duplicateWarnings({ ...layout, ...fixed })),
    ],
  };
}

function plannedDesign({ expanded, names, weights, offset }: CompiledFormula, options: DesignOptions): PlannedDesign {
  const expression = weights?.expression;
  return {
    ...expanded,
    names,
    ...(expression?.kind === "column" && { weights: expression.name }),
    areWeightsKnown: expression === undefined || expression.kind === "column",
    hasWeights: weights !== undefined,
    hasOffset: offset !== undefined,
    storage: options.storage ?? "auto",
    limit: limitOf(expanded.groups.length > 0, options),
  };
}

/** The room for the rows, in memory or on disk. */
function limitOf(hasGroups: boolean, options: DesignOptions): RowLimit {
  const { blocks } = options;
  const inMemory = memoryLimit(options);
  if (!blocks) return inMemory;
  if (hasGroups) return { ...inMemory, whyNotInBlocks: "rows go to blocks on disk unless the formula has group terms" };
  const free = blocks.freeDiskBytes();
  if (free > inMemory.maxBytes) return { maxBytes: free, folder: blocks.folder };
  return {
    ...inMemory,
    whyNotInBlocks: `rows go to blocks on disk if the folder ${blocks.folder} has more room than memory`,
  };
}

/** A sentence where rows are left out as they have no trials. */
function trialWarnings({ kind }: DesignTarget, { zeroWeightRows }: FirstPass, { weights }: DesignOptions): string[] {
  if (kind !== "trials" || zeroWeightRows === 0) return [];
  const rows = zeroWeightRows === 1 ? "1 row has" : `${formatCount(zeroWeightRows)} rows have`;
  return [
    `${rows} no trials${weights === undefined ? "" : ", or a weight of 0,"} and ${zeroWeightRows === 1 ? "is" : "are"} left out.`,
  ];
}

/** M of the model that is to be made. */
function countParameters(numColumns: number, { family, target }: FinishedTarget, options: DesignOptions): number {
  const numClasses = target.kind === "classes" ? target.levels.length : 1;
  return options.countParameters?.(numColumns, family, numClasses) ?? numColumns * numClasses;
}
