import { families } from "../../families/families.ts";
import { type ColumnUse, columnUses } from "../../formula/column-uses.ts";
import type { Formula } from "../../formula/formula.ts";
import type { ColumnInfo, TableChunk, TableSource } from "../../table/table-source.ts";
import type { DesignFamily } from "../design-types.ts";
import { chunkLike, readLike } from "./like-fitted.ts";
import { parseWeights } from "./row-numbers.ts";
import { meaningOf } from "./text-meaning.ts";
import { alike, refusalOf, type UnfitColumn } from "./text-refusals.ts";

interface Model {
  readonly formula: Formula;
  /** An expression. */
  readonly weights?: string;
  /** Undefined where it is guessed. */
  readonly family?: DesignFamily;
}

/**
 * Decides what the columns of texts mean that a model reads: dates where all are ISO dates, so that they mean the same in
 * every format, and levels elsewhere. Before anything else is read.
 *
 * @throws InputError where a column is not meant as levels in all likelihood: numbers with a word among them, amounts that
 * have to be read in a way of their own, nearly as many texts as rows.
 */
export async function settleTexts(source: TableSource, { formula, weights, family }: Model): Promise<TableSource> {
  const names = source.columns.map(({ name }) => name);
  const uses = columnUses(formula, weights === undefined ? undefined : parseWeights(weights), names);
  const used = source.columns.filter(({ name, type }) => type !== "unsupported" && uses.has(name));
  const areClasses = family !== undefined && ["event", "classes"].includes(families[family].target);
  const dates = new Set<string>();
  const unfit: UnfitColumn[] = [];
  if (used.some(({ type }) => type === "string")) await source.hold?.(used.map(({ name }) => name));
  for (const { name, type } of used) {
    const own = new Set(uses.get(name));
    if (areClasses) own.delete("target");
    if (type !== "string" || !source.texts || [...own].every(isOfAnyTexts)) continue;
    const values = await source.texts(name);
    const meaning = meaningOf(values, own);
    if (meaning.kind === "levels") continue;
    if (meaning.kind === "dates") {
      if (!own.has("words")) dates.add(name);
    } else unfit.push({ name, values, meaning, isTarget: own.has("target") });
  }
  if (unfit.length > 0) throw await refusalOf(alike(unfit), source);
  return dates.size === 0 ? source : withDates(source, dates);
}

/** Whether a column is read as texts, whatever they are. */
function isOfAnyTexts(use: ColumnUse): boolean {
  return use === "words" || use === "groups";
}

/** The same table with the dates in the named columns of texts as numbers. */
export function withDates(source: TableSource, dates: ReadonlySet<string>): TableSource {
  const asDates = (info: ColumnInfo): ColumnInfo => ({ ...info, type: "number", isTime: true });
  const readers = new Map(
    source.columns.filter(({ name }) => dates.has(name)).map((info) => [info.name, readLike(asDates(info), info)]),
  );
  const whole = (texts: ReadonlySet<string> | undefined) => new Set([...(texts ?? []), ...dates]);
  async function* dated(given: AsyncIterable<TableChunk>): AsyncGenerator<TableChunk> {
    let firstRow = 1;
    for await (const chunk of given) {
      yield chunkLike(chunk, readers, firstRow);
      firstRow += chunk.numRows;
    }
  }
  return {
    ...source,
    columns: source.columns.map((info) => (dates.has(info.name) ? asDates(info) : info)),
    get numRows() {
      return source.numRows;
    },
    chunks: (names, texts) => dated(source.chunks(names, whole(texts))),
    async cells(names, texts) {
      const cells = await source.cells?.(names, whole(texts));
      return cells && (() => dated(cells()));
    },
  };
}
