import { InputError } from "../errors.ts";
import type { AtOption, AtValue } from "../options/effect-options.ts";
import { listed, suggestion } from "../suggest.ts";
import { isoDays } from "../table/iso-dates.ts";
import { type EffectColumn, type EffectColumns, requireColumn } from "./effect-columns.ts";

/** A value that a column is set to, as it is computed with, and as people see it. */
export interface SetValue {
  readonly value: number | string;
  readonly label: string | number;
}

/**
 * The values of `at` by column, in their order.
 * @throws InputError where a column is unknown or given twice, or a value is none of its kind
 */
export function readAt(at: AtOption | undefined, columns: EffectColumns): Map<string, readonly SetValue[]> {
  const given = new Map<string, readonly SetValue[]>();
  for (const [name, values] of entriesOf(at ?? [], columns)) {
    const column = requireColumn(columns, name);
    if (given.has(name)) throw new InputError(`"${name}" is set by two --at; give all its values in one.`);
    if (values.length === 0)
      throw new InputError(`--at sets "${name}" to nothing; give a value, as in --at '${name}=1'.`);
    const isRange = column.kind === "number" && values.length === 1 && values[0] === rangeWord;
    const settled = isRange ? valuesOfRange(column) : values.map((value) => settledValue(column, value));
    const twice = settled.find(({ value }, k) => settled.findIndex((other) => other.value === value) < k);
    if (twice) throw new InputError(`--at has the value ${twice.label} of "${name}" twice; leave one out.`);
    given.set(name, settled);
  }
  return given;
}

/** Stands for the values of a column of numbers from the least to the largest in the fit. */
export const rangeWord = "range";
/** As many as marginaleffects takes for a curve. */
const rangeValues = 50;
/** Digits of the values in between; of dates, days with a time of day where there are few. */
const rangeDigits = 6;

/** The ends of the range that the fit has seen, and values evenly spaced between them. @throws InputError where it is not known */
function valuesOfRange({ name, typical, isTime }: EffectColumn): SetValue[] {
  const { least, largest } = { ...(typical && "mean" in typical ? typical : {}) };
  if (least === undefined || largest === undefined)
    throw new InputError(
      `The fit does not keep the range of "${name}", as an earlier version saved it: give values, as in --at '${name}=1,2,3', or fit again.`,
    );
  const values = Array.from({ length: rangeValues }, (_, k) => {
    const value = least + (k / (rangeValues - 1)) * (largest - least);
    if (k === 0) return least;
    if (k === rangeValues - 1) return largest;
    if (isTime) return largest - least > rangeValues ? Math.round(value) : value;
    // Digits of where the value lies within the range.
    const unit = 10 ** (Math.floor(Math.log10(largest - least)) - rangeDigits + 1);
    return Number((Math.round(value / unit) * unit).toPrecision(12));
  });
  return [...new Set(values)].map((value) => ({ value, label: isTime ? isoText(value) : value }));
}

function isoText(days: number): string {
  const text = new Date(Math.round(days * 86_400_000)).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text;
}

function entriesOf(at: AtOption, columns: EffectColumns): (readonly [string, readonly AtValue[]])[] {
  if (typeof at === "string") return [ofText(at, columns)];
  if (Array.isArray(at)) return at.map((text) => ofText(text, columns));
  return Object.entries(at).map(([name, values]) => [name, Array.isArray(values) ? values : [values as AtValue]]);
}

/** `x=1,2,3`: names may hold "=", and levels commas, where they are known or in quotes. */
function ofText(text: string, columns: EffectColumns): readonly [string, readonly string[]] {
  const places = [...text.matchAll(/=/g)].map(({ index }) => index);
  if (places.length === 0)
    throw new InputError(`--at takes a column and its values, as in --at 'x=1,2,3', and "${text}" has no "=".`);
  const place = places.find((own) => columns.columns.has(text.slice(0, own).trim())) ?? places[0];
  const name = text.slice(0, place).trim();
  const rest = text.slice(place + 1).trim();
  if (columns.columns.get(name)?.levels.includes(rest)) return [name, [rest]];
  return [name, rest === "" ? [] : splitValues(rest)];
}

/** What stands between commas that are not in quotes. @throws InputError where nothing does */
function splitValues(text: string): string[] {
  const parts = text.match(/(?:^|,)(?:"[^"]*"|'[^']*'|[^,])*/g) ?? [];
  return parts.map((part, k) => {
    const trimmed = (k === 0 ? part : part.slice(1)).trim();
    if (trimmed === "") throw new InputError(`--at has a comma too many in "${text}"; give a value between any two.`);
    return /^(?:"[^"]*"|'[^']*')$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
  });
}

/** @throws InputError where the column cannot have the value */
export function settledValue(column: EffectColumn, given: AtValue): SetValue {
  if (column.kind === "text") return { value: String(given), label: String(given) };
  if (column.kind === "number") return numberOf(column, given);
  const level = levelOf(column, String(given));
  return { value: column.type === "number" ? Number(level) : level, label: level };
}

function numberOf({ name, isTime }: EffectColumn, given: AtValue): SetValue {
  const isDate = typeof given === "object";
  const days = isDate ? given.getTime() / 86_400_000 : isoDays(String(given));
  const text = String(given).trim();
  const plain = text === "" || typeof given === "boolean" || isDate ? Number.NaN : Number(text);
  const value = isTime ? days : plain;
  if (Number.isFinite(value)) return { value, label: isTime ? (isDate ? given.toISOString() : text) : value };
  const wanted = isTime ? "dates such as 2026-11-27" : "numbers";
  throw new InputError(
    `The column "${name}" holds ${wanted}, and "${isDate ? "a date" : String(given)}" is none; correct --at.`,
  );
}

/** The level of that name, or for numbers of that value. */
function levelOf({ name, levels, type, isGrouping }: EffectColumn, given: string): string {
  if (levels.includes(given)) return given;
  const number = given.trim() === "" ? Number.NaN : Number(given);
  const same = type === "number" ? levels.find((level) => Number(level) === number) : undefined;
  if (same !== undefined) return same;
  const hint = isGrouping ? " For a group that the fit has not seen give --groups new." : "";
  const quoted = suggestion(given, levels, "its levels are").replace(/\.$/, "");
  throw new InputError(
    `"${name}" has no level "${given}" in the fit; ${quoted}${quoted.endsWith("?") ? "" : "."}${hint}`,
  );
}

/** The columns of names, for sentences: "x" and "city". */
export const quotedNames = (names: readonly string[]) =>
  listed(
    names.map((name) => `"${name}"`),
    "and",
  );
