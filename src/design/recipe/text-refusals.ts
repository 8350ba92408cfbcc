import { InputError } from "../../errors.ts";
import { quoteName } from "../../formula/formula-text.ts";
import { shellText, sqlName } from "../../table/sql-text.ts";
import { maxLevels } from "../../table/table.ts";
import { formatCount, type TableSource, type TextLevel, type TextValues } from "../../table/table-source.ts";
import type { Reading } from "../../table/text-spellings.ts";
import { quoted } from "../../wording.ts";
import { patternOf, type UnfitMeaning } from "./text-meaning.ts";

/** Classes that the categorical family takes. */
const maxClasses = 100;

/** A column of texts that a formula cannot read as it is. */
export interface UnfitColumn {
  readonly name: string;
  readonly values: TextValues;
  readonly meaning: UnfitMeaning;
  readonly isTarget: boolean;
}

/** The columns, of which those where commas may be either are read as commas are in another column. */
export function alike(columns: readonly UnfitColumn[]): readonly UnfitColumn[] {
  const readingsOf = ({ meaning }: UnfitColumn) => (meaning.kind === "spelled" ? meaning.spelling.readings : []);
  const sure = columns.map(readingsOf).find((readings) => readings.length === 1 && readings[0].commas !== undefined);
  if (!sure) return columns;
  return columns.map((column) => {
    const { meaning } = column;
    if (meaning.kind !== "spelled") return column;
    const { readings } = meaning.spelling;
    const kept = readings.filter(({ commas }) => commas === undefined || commas === sure[0].commas);
    const own =
      readings.length > 1 && kept.length > 0 ? kept.map((reading) => ({ ...reading, how: undefined })) : readings;
    return { ...column, meaning: { ...meaning, spelling: { ...meaning.spelling, readings: own } } };
  });
}

/** The sentence that names the first column, what is wrong with it, and what reads it and the others right. */
export async function refusalOf(columns: readonly UnfitColumn[], source: TableSource): Promise<InputError> {
  const [column] = columns;
  const { name, values, meaning, isTarget } = column;
  const asLevels = isTarget
    ? values.levels.length > maxClasses
      ? ""
      : ", or use --family categorical if these are classes"
    : `, or write C(${quoteName(name)}) if these are levels`;
  const also = listOthers(columns);
  switch (meaning.kind) {
    case "spelled": {
      const { what, others, readings } = meaning.spelling;
      const besides =
        others.length === 0 ? "" : `; "${others[0].text}"${rowOf(others[0])} is none, and becomes missing`;
      const holds = `Column "${name}" holds ${what}, such as ${shown(meaning.example)}${also}`;
      if (readings.length === 0) return new InputError(`${holds}: make one currency of them${asLevels}.`);
      const ways = readings.map((reading) => {
        const how = reading.how === undefined ? "" : ` (${reading.how})`;
        return `${way(columns, source, reading)}${how}`;
      });
      return new InputError(`${holds}; read them by ${ways.join(" or ")}${besides}${asLevels}.`);
    }
    case "numbers":
      return new InputError(
        `Column "${name}" holds numbers as texts, such as ${shown(meaning.example)}${also}; read them by ${way(columns, source)}${asLevels}.`,
      );
    case "mixed": {
      const words = await wordsOf(name, meaning, source);
      if (words.length === 0)
        return new InputError(
          `Column "${name}" holds ${meaning.of} as texts${also}; read them by ${way(columns, source)}${asLevels}.`,
        );
      const first = shown(words[0]);
      const more = words.length > 1 ? ` and ${formatCount(words.length - 1)} more` : "";
      const others = `what is no ${meaning.of === "numbers" ? "number" : "date"}`;
      const remedy =
        source.relation === undefined
          ? `give numbers, with null in place of ${others}`
          : `make ${others} missing by ${way(columns, source)}`;
      return new InputError(
        `Column "${name}" holds ${meaning.of}, and among them ${first}${more}${also}; ${remedy}${asLevels}.`,
      );
    }
    case "keys": {
      const count = values.isWhole ? formatCount(values.levels.length) : `more than ${formatCount(maxLevels)}`;
      return new InputError(
        `Column "${name}" is text with ${count} different values in ${formatCount(values.rows)} rows, such as ${shown(meaning.example)}: a name for each row rather than levels; leave it out of the formula, count its words by words(${quoteName(name)}), or ${values.isWhole && values.levels.length <= maxLevels ? `write C(${quoteName(name)}) if each value is to have a coefficient` : "group them with --sql"}.`,
      );
    }
  }
}

function rowOf({ firstRow }: Pick<TextLevel, "firstRow">): string {
  return firstRow === undefined ? "" : ` in data row ${formatCount(firstRow)}`;
}

function shown({ text, firstRow }: TextLevel): string {
  return `${quoted(text)}${rowOf({ firstRow })}`;
}

function listOthers(columns: readonly UnfitColumn[]): string {
  const others = columns.slice(1).filter(({ meaning }) => readingOf(meaning) !== undefined);
  return others.length === 0 ? "" : ` (and so with ${others.map(({ name }) => `"${name}"`).join(", ")})`;
}

/** The words of a mixed column; where they stand beyond the part that was read, they are looked for. */
async function wordsOf(
  name: string,
  { words, of }: UnfitMeaning & { kind: "mixed" },
  source: TableSource,
): Promise<readonly TextLevel[]> {
  if (words.length > 0) return words;
  const found = await source.firstUnlike?.(name, patternOf[of]);
  return found ? [found] : [];
}

/**
 * What reads a column of that meaning, as an SQL expression of its quoted name.
 * @param like How another column is read, where commas may be either.
 */
function readingOf(meaning: UnfitMeaning, like?: Reading): Reading["sql"] | undefined {
  if (meaning.kind === "spelled") {
    const { readings } = meaning.spelling;
    return (readings.find(({ commas }) => commas === like?.commas) ?? readings[0])?.sql;
  }
  if (meaning.kind === "numbers") return (column) => `try_cast(${column} as double)`;
  if (meaning.kind !== "mixed") return undefined;
  if (meaning.of === "dates") return (column) => `try_cast(${column} as timestamptz)`;
  return meaning.words.some(({ text }) => /^\s*[+-]?inf/i.test(text))
    ? (column) => `if(isfinite(try_cast(${column} as double)), try_cast(${column} as double), null)`
    : (column) => `try_cast(${column} as double)`;
}

/** How to read the columns right: an SQL query where they come from SQL. @param first The reading of the first column */
function way(columns: readonly UnfitColumn[], source: TableSource, first?: Reading): string {
  const { relation } = source;
  if (relation === undefined) return "making numbers of them first, with null where one is missing";
  const replaced = columns.flatMap(({ name, meaning }, j) => {
    const reading = j === 0 && first ? first.sql : readingOf(meaning, first);
    const column = sqlName(source.sqlName?.(name) ?? name);
    return reading ? [`${reading(column)} as ${column}`] : [];
  });
  return `--sql ${shellText(`select * replace (${replaced.join(", ")}) from ${relation}`)}`;
}
