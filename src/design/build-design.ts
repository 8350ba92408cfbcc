import { InputError } from "../errors.ts";
import { hasScale } from "../families/families.ts";
import { type ExpressionScope, findColumn } from "../formula/expression.ts";
import { type Formula, visitColumns } from "../formula/formula.ts";
import { type FormulaTerms, formulaTerms } from "../formula/formula-terms.ts";
import { factorName } from "../formula/formula-text.ts";
import { isWordCount, textColumns } from "../formula/words.ts";
import { CompleteRowReader } from "../table/complete-rows.ts";
import { requireComputableOffset, requireComputableWeights } from "../table/computable.ts";
import { combine, type Moments, momentsOf } from "../table/moments.ts";
import { formatCount, type TableSource } from "../table/table-source.ts";

import { type ChosenColumns, chooseColumns } from "./columns.ts";
import { curvatureKind, denseLimit } from "./curvature-kind.ts";
import type { Design, DesignColumn, DesignOptions } from "./design-types.ts";
import { duplicateWarnings } from "./duplicates.ts";
import { compileFactor, type FactorReader, refuseSameFactors } from "./factors.ts";
import { fillRows, triangularFactorOf } from "./fill.ts";
import { fitPolynomials } from "./fit-polynomials.ts";
import { orthogonalBasis } from "./orthogonal-basis.ts";
import { recipeOf } from "./recipe/design-recipe.ts";
import { compileOffset, compileWeights } from "./recipe/row-numbers.ts";
import { settleTexts } from "./recipe/settle-texts.ts";
import { defaultMaxBytes, denseStrideOf, paddedFloats, requireRoom, requireRoomForTable } from "./size-limit.ts";
import { choosesSparse, planSparse } from "./sparse-design.ts";
import { compileTarget } from "./target/target.ts";
import { TermRows } from "./term-rows.ts";

/**
 * Makes a design of a table in two passes: the first finds the levels, means and sds, the second writes the rows.
 *
 * @throws InputError where the formula does not fit the table, a value cannot be used, nothing is left to fit, or the
 * rows would not fit into `maxBytes`.
 */
export async function buildDesign(table: TableSource, formula: Formula, options: DesignOptions = {}): Promise<Design> {
  const { standardize = "auto", maxBytes = defaultMaxBytes, allLevels = false } = options;
  const source = await settleTexts(table, { ...options, formula });
  const scope: ExpressionScope = {
    text: formula.text,
    columns: new Map(source.columns.map((info) => [info.name, info])),
  };
  const target = compileTarget(formula, scope, { event: options.event });
  const weights = options.weights === undefined ? undefined : compileWeights(options.weights, scope.columns);
  const names = new Set<string>();
  if (weights) visitColumns(weights.expression, (name) => names.add(name));
  const expanded = formulaTerms(formula, [...scope.columns.keys()], names);
  const { terms, hasIntercept, offsets } = expanded;
  const offset = compileOffset(offsets, scope);
  for (const expression of [formula.target, ...offsets]) visitColumns(expression, (name) => names.add(name));
  const factors = terms.flatMap((term) => term.factors);
  for (const factor of factors) {
    visitColumns(factor.expression, (name, at) => {
      findColumn(name, at, scope);
      if (!isWordCount(factor)) names.add(name);
    });
  }
  const texts = textColumns(factors, names);
  const sides = { hasWeights: weights !== undefined, hasOffset: offset !== undefined };
  if (!weights || weights.expression.kind === "column") {
    await requireRoomForTable(source, {
      ...{ terms, hasIntercept, maxBytes, ...sides, storage: options.storage ?? "auto" },
      ...{
        names: [...names, ...texts],
        weights: weights?.expression.kind === "column" ? weights.expression.name : undefined,
      },
    });
  }
  const readTable = () => source.chunks([...names, ...texts], texts);
  const polynomials = await fitPolynomials(factors, scope, async (visit) => {
    const reader = new CompleteRowReader(weights?.read);
    for await (const chunk of readTable()) {
      options.signal?.throwIfAborted();
      visit(reader.read(chunk));
      options.onProgress?.(reader.rowsRead, 1);
    }
  });
  const readers = new Map<string, FactorReader>();
  for (const factor of factors) {
    const name = factorName(factor);
    if (!readers.has(name)) readers.set(name, compileFactor(factor, scope, { series: polynomials.get(name) }));
  }
  refuseSameFactors(factors, readers, formula.text);
  const termRows = terms.map(
    ({ name, factors }) =>
      new TermRows(
        name,
        factors.map((f) => readers.get(factorName(f))!),
      ),
  );

  const reader = new CompleteRowReader(weights?.read);
  /** The levels of columns of text. */
  const textLevels = new Map<string, readonly string[]>();
  let offsetMoments: Moments = { count: 0, mean: 0, squares: 0 };
  let largestOffset = 0;
  for await (const chunk of readTable()) {
    options.signal?.throwIfAborted();
    for (const [name, column] of chunk.columns)
      if (column.kind === "category" && !texts.has(name)) textLevels.set(name, column.levels);
    const rows = reader.read(chunk);
    if (rows.chunk.numRows > 0) {
      const cached = new Map<string, Float64Array | Int32Array>();
      for (const term of termRows) term.addMoments(term.read(rows, cached));
      target.add(target.read(rows), rows);
      if (offset) {
        const values = offset(rows);
        offsetMoments = combine(offsetMoments, momentsOf(values));
        for (const value of values) largestOffset = Math.max(largestOffset, Math.abs(value));
      }
    }
    options.onProgress?.(reader.rowsRead, 1);
  }
  const numRows = reader.rowsRead - reader.droppedRows - reader.zeroWeightRows;
  if (numRows === 0) throw noRows(reader, source.label ?? "the data");
  refuseManyProducts(terms, numRows);
  if (weights) requireComputableWeights(reader.weightSum);

  const finished = target.finish(options.family, { standardize, hasIntercept, offsetMean: offsetMoments.mean });
  if (offset && finished.family === "categorical") throw offsetOfClasses();
  requireComputableOffset(largestOffset / finished.target.scale, hasScale(finished.family));
  const standardized = standardize !== "none";
  const chosen = chooseColumns(termRows, { numRows, hasIntercept, standardized, allLevels });
  const columns: DesignColumn[] = hasIntercept ? [...chosen.columns, intercept] : [...chosen.columns];
  if (columns.length === 0) throw noColumns(chosen);
  const numClasses = finished.target.kind === "classes" ? finished.target.levels!.length : 1;
  const { countParameters = (numColumns, _, classes) => numColumns * classes } = options;
  const numParameters = countParameters(columns.length, finished.family, numClasses);
  const mustBeSparse = curvatureKind(numParameters) === "low-rank";
  if (mustBeSparse && options.storage === "dense") throw tooManyColumns(columns, numParameters);
  const denseStride = denseStrideOf(columns.length, sides);
  const plan = planSparse(columns, chosen.blocks, numRows);
  const storage = mustBeSparse ? "sparse" : options.priorSds ? "dense" : (options.storage ?? "auto");
  const isSparse = choosesSparse(plan, 4 * numRows * denseStride, storage);
  requireRoom(numRows, columns.length, isSparse ? plan.bytes : 4 * numRows * denseStride, maxBytes);

  const shape: [number, number] = isSparse ? [1, plan.bytes / 4] : [numRows, denseStride];
  const rows = options.memory?.allocateRows(...shape) ?? new Float32Array(shape[0] * shape[1]);
  const stride = isSparse ? Math.ceil((plan.bytes - plan.recordsAt) / (4 * numRows)) : denseStride;
  const shared = { numRows, columns, blocks: chosen.blocks };
  const basis =
    options.priorSds &&
    orthogonalBasis(
      await triangularFactorOf(readTable(), shared, termRows, weights?.read, options),
      options.priorSds(columns),
      numRows,
    );
  const layout = { ...shared, rows, stride, sparse: isSparse ? plan : undefined, basis };
  const side = { target: { ...finished, read: target.read }, offset, weights: weights?.read };
  await fillRows(readTable(), layout, termRows, side, options);
  return {
    rows,
    numRows,
    droppedRows: reader.droppedRows,
    zeroWeightRows: reader.zeroWeightRows,
    hasOffset: offset !== undefined,
    hasWeights: weights !== undefined,
    stride,
    paddedColumns: paddedFloats(columns.length + Number(isSparse)),
    ...(isSparse && { sparse: { startsAt: plan.startsAt, nonZeros: plan.nonZeros } }),
    columns,
    hasIntercept,
    ...(basis && { basis }),
    target: finished.target,
    family: finished.family,
    familyGuessed: finished.familyGuessed,
    formula: formula.text,
    recipe: recipeOf(formula, scope.columns, expanded, {
      ...finished,
      ...chosen,
      columns,
      polynomials,
      texts: textLevels,
      fileTypes: source.fileTypes,
    }),
    standardized,
    leftOut: chosen.leftOut,
    warnings: [
      ...(source.notes ?? []),
      ...finished.warnings,
      ...chosen.warnings,
      ...(basis ? [] : duplicateWarnings(layout)),
    ],
  };
}

export const intercept: DesignColumn = {
  name: "Intercept",
  term: "Intercept",
  mean: 0,
  scale: 1,
  isIntercept: true,
  isIndicator: false,
};

function noRows(reader: CompleteRowReader, label: string): InputError {
  if (reader.rowsRead === 0) return new InputError(`There are no rows in ${label}; check the file or the query.`);
  if (reader.zeroWeightRows > 0)
    return new InputError("Every complete row has weight 0, so nothing counts; give some rows a weight above 0.");
  const [name, count] = [...reader.missing].sort((a, b) => b[1] - a[1])[0];
  return new InputError(
    `None of the ${formatCount(reader.rowsRead)} rows is complete: each misses a value that the formula uses, most often in column "${name}" (${formatCount(count)} rows); leave that column out, or fill it in.`,
  );
}

function offsetOfClasses(): InputError {
  return new InputError(
    "offset() adds to the one linear predictor of a row, and the categorical family has one for every class; leave it out, or make two classes for the bernoulli family.",
  );
}

function noColumns(chosen: ChosenColumns): InputError {
  const because = chosen.leftOut.length > 0 ? `: ${chosen.leftOut.join(", ")} has the same value in every row` : "";
  return new InputError(`The formula leaves nothing to estimate${because}; add a term or the intercept.`);
}

/** Of a term that is a product of so many factors, the data have to tell something, or it is nothing but work. */
const factorsOfHighProducts = 3;

/** @throws InputError where there are more products of three factors and more than rows */
function refuseManyProducts(terms: FormulaTerms["terms"], numRows: number): void {
  const count = terms.filter(({ factors }) => factors.length >= factorsOfHighProducts).length;
  if (count <= numRows) return;
  throw new InputError(
    `The formula makes ${formatCount(count)} products of three factors or more, and there are ${formatCount(numRows)} rows to tell them apart; take products of two, as in (a + b + c)^2, or fewer factors.`,
  );
}

/** Names the term that takes the most columns, which is a categorical one in all likelihood. */
function tooManyColumns(columns: readonly DesignColumn[], numParameters: number): InputError {
  const counts = new Map<string, number>();
  for (const { term } of columns) counts.set(term, (counts.get(term) ?? 0) + 1);
  const [term, count] = [...counts].reduce((widest, entry) => (entry[1] > widest[1] ? entry : widest));
  const isOfWords = term.startsWith("words(");
  const widest =
    count > 1 ? `, ${formatCount(count)} of them for the ${isOfWords ? "words" : "levels"} of "${term}"` : "";
  const inAll = numParameters > columns.length ? `, which takes ${formatCount(numParameters)} parameters` : "";
  return new InputError(
    `The formula makes ${formatCount(columns.length)} columns${widest}${inAll}, and a dense design takes at most ${denseLimit}; leave out --storage dense, or leave ${count > 1 ? `"${term}"` : "some"} out, or ${isOfWords ? "keep words that occur in more rows, as in words(text, 200)" : `group ${count > 1 ? "its rare levels" : "them"} with --sql`}.`,
  );
}
