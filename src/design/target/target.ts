import { InputError } from "../../errors.ts";
import { hasScale, isCountFamily } from "../../families/families.ts";
import { chooseEvent, type EventOption, refuseEvent } from "../../formula/event.ts";
import { compileExpression, type ExpressionScope } from "../../formula/expression.ts";
import type { Formula } from "../../formula/formula.ts";
import { formulaError } from "../../formula/formula-errors.ts";
import { expressionText } from "../../formula/formula-text.ts";
import { trialsTarget } from "../../formula/trials.ts";
import { listed } from "../../suggest.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { requireComputable } from "../../table/computable.ts";
import { combine, type Moments, momentsOf, scalingOf } from "../../table/moments.ts";
import { compareText, formatCount } from "../../table/table-source.ts";
import { finiteValues } from "../columns/factors.ts";
import type { DesignFamily } from "../design-types.ts";
import { CountCheck } from "./counts.ts";
import { ratingWarnings } from "./ratings.ts";
import type { FinishedTarget, TargetReader, TargetScaling } from "./target-types.ts";
import { requireTrialsOf, trialsReader } from "./trials.ts";

/** How many distinct values of a number target messages count: two decide the family. */
const countedValues = 5;
/** Classes that the categorical family takes. */
const maxClasses = 100;

interface TargetOptions {
  /** "refuse" (the default), or "keep" for rows that are predicted. */
  readonly whereNotFinite?: "refuse" | "keep";
  /** Which of two values is the event; the second unless told. */
  readonly event?: EventOption;
}

/**
 * @throws InputError where the left side does not fit the table.
 */
export function compileTarget(
  formula: Formula,
  scope: ExpressionScope,
  { whereNotFinite = "refuse", event }: TargetOptions = {},
): TargetReader {
  const name = formula.target.kind === "column" ? formula.target.name : expressionText(formula.target);
  const trials = trialsTarget(formula.target, scope.text);
  if (trials) return trialsReader(name, trials, { scope, event });
  const compiled = compileExpression(formula.target, scope);
  if (compiled.type === "text") {
    throw formulaError(
      scope.text,
      formula.target.at,
      "the target is a text in quotes; a column's name goes without quotes.",
    );
  }
  if (compiled.type === "string") return textTarget(name, (rows) => compiled.evaluate(rows.chunk), event);
  const about = { name, event, isBoolean: compiled.type === "boolean", isColumn: formula.target.kind === "column" };
  return numberTarget(about, (rows) =>
    whereNotFinite === "keep" ? compiled.evaluate(rows.chunk) : finiteValues(compiled, formula.target, rows),
  );
}

function textTarget(
  name: string,
  evaluate: (rows: CompleteRows) => { codes: Int32Array; levels: readonly string[]; isOrdered?: boolean },
  event: EventOption | undefined,
): TargetReader {
  let levels: readonly string[] = [];
  let isOrdered = false;
  let seen = new Uint8Array(0);
  return {
    read(rows) {
      const column = evaluate(rows);
      levels = column.levels;
      isOrdered = column.isOrdered ?? false;
      if (seen.length < levels.length) seen = new Uint8Array(levels.length);
      return column.codes;
    },
    labelOf: (code) => levels[code],
    add(codes) {
      for (let i = 0; i < codes.length; i++) seen[codes[i]] = 1;
    },
    get statistics() {
      return { seen: presentIn(seen) };
    },
    merge(others) {
      for (const code of others.seen) seen[code] = 1;
    },
    finish(family) {
      requireTrialsOf(name, family);
      const present = presentIn(seen);
      if (!isOrdered) present.sort((a, b) => compareText(levels[a], levels[b]));
      const labels = present.map((code) => levels[code]);
      if (labels.length === 1) throw oneValue(name, `"${labels[0]}"`);
      if (family !== undefined && family !== "bernoulli" && family !== "categorical") {
        throw new InputError(`The target ${name} is text, and the ${family} family needs numbers; use another target.`);
      }
      if (labels.length > 2 && family === "bernoulli") {
        throw tooManyValues(
          name,
          formatCount(labels.length),
          labels.map((label) => `"${label}"`),
        );
      }
      if (labels.length > maxClasses) {
        throw new InputError(
          `The target ${name} is text with ${formatCount(labels.length)} different values, and the categorical family takes ${maxClasses} at most; make two of them, as in ${name} == "${labels[0]}" ~ …, or use a target of numbers.`,
        );
      }
      if (labels.length > 2 || family === "categorical") {
        refuseEvent(event, name, "categorical", labels);
        return classes(name, labels, present, family === undefined);
      }
      const { index, levels: ordered, words } = chooseEvent(event, labels, { name, kind: "text", isColumn: true });
      return binary({ name: words, event: words, levels: ordered }, present[index], family === undefined);
    },
  };
}

const presentIn = (seen: Uint8Array) => [...seen.keys()].filter((code) => seen[code] === 1);

function numberTarget(
  { name, event, isBoolean, isColumn }: { name: string; event?: EventOption; isBoolean: boolean; isColumn: boolean },
  read: (rows: CompleteRows) => Float64Array,
): TargetReader {
  const seen = new Set<number>();
  let moments: Moments = { count: 0, mean: 0, squares: 0 };

  const labelOf = (value: number) => (isBoolean ? String(value !== 0) : String(value));
  const counts = new CountCheck(name);
  function add(values: ArrayLike<number>, rows: Pick<CompleteRows, "rowNumber">): void {
    counts.add(values, rows);
    moments = combine(moments, momentsOf(values as Float64Array));
    for (let i = 0; i < values.length && seen.size <= maxClasses; i++) seen.add(values[i]);
  }

  function finish(
    wanted: DesignFamily | undefined,
    { standardize, hasIntercept, offsetMean }: TargetScaling,
  ): FinishedTarget {
    requireTrialsOf(name, wanted);
    const distinct = [...seen].sort((a, b) => a - b);
    const labels = distinct.map(labelOf);
    if (distinct.length === 1) throw oneValue(name, labels[0]);
    const family = wanted ?? (distinct.length === 2 ? "bernoulli" : "gaussian");
    if (family === "bernoulli") {
      const count = distinct.length > countedValues ? `more than ${countedValues}` : String(distinct.length);
      if (distinct.length > 2) throw tooManyValues(name, count, labels);
      const kind = isBoolean ? "boolean" : "number";
      const { index, levels, words } = chooseEvent(event, labels, { name, kind, isColumn });
      const isPlain = index === 1 && (isBoolean || (distinct[0] === 0 && distinct[1] === 1));
      return binary({ name: isPlain ? name : words, event: words, levels }, distinct[index], wanted === undefined);
    }
    refuseEvent(event, name, family, labels);
    if (family === "categorical") {
      if (distinct.length > maxClasses) {
        throw new InputError(
          `The categorical family takes a target of at most ${maxClasses} values, and ${name} has more; use --family gaussian for numbers, or put them into classes first.`,
        );
      }
      return classes(name, labels, distinct, false);
    }
    if (isCountFamily(family)) counts.require(family);
    const isScaled = standardize === "auto" && hasScale(family);
    const hasValues = distinct.some((value) => value !== 0);
    requireComputable({ what: `The target ${name}`, moments, hasValues, isScaled });
    const sd = Math.sqrt(moments.squares / moments.count);
    const { mean, scale } = isScaled ? scalingOf(moments.mean - offsetMean, sd, hasIntercept) : { mean: 0, scale: 1 };
    return {
      target: { name, kind: "number", mean, scale },
      family,
      familyGuessed: wanted === undefined,
      warnings: wanted === undefined ? looksLikeOthers(distinct) : [],
      encodeInto(values, rows, at, stride) {
        for (let i = 0; i < values.length; i++) rows[at + i * stride] = (values[i] - mean) / scale;
      },
    };
  }

  /** A sentence where a target that was taken for gaussian looks like counts, or else like ratings. */
  function looksLikeOthers(distinct: readonly number[]): readonly string[] {
    const ofCounts = counts.warnings();
    return ofCounts.length > 0 ? ofCounts : ratingWarnings(name, distinct, moments.count);
  }
  return {
    read,
    labelOf,
    add,
    get statistics() {
      return { seen: [...seen], moments, counts: counts.statistics };
    },
    merge(others, rowsBefore) {
      for (const value of others.seen) if (seen.size <= maxClasses) seen.add(value);
      if (others.moments) moments = combine(moments, others.moments);
      if (others.counts) counts.merge(others.counts, rowsBefore);
    },
    finish,
  };
}

/** @param event What `read` returns of a row in which it came true */
function binary(
  about: { readonly name: string; readonly event: string; readonly levels: readonly string[] },
  event: number,
  familyGuessed: boolean,
): FinishedTarget {
  return {
    target: { ...about, kind: "binary", mean: 0, scale: 1 },
    family: "bernoulli",
    familyGuessed,
    warnings: [],
    encodeInto(values, rows, at, stride) {
      for (let i = 0; i < values.length; i++) rows[at + i * stride] = values[i] === event ? 1 : 0;
    },
  };
}

function classes(
  name: string,
  levels: readonly string[],
  values: readonly number[],
  familyGuessed: boolean,
): FinishedTarget {
  const numbers = new Map(values.map((value, k) => [value, k]));
  return {
    target: { name, kind: "classes", mean: 0, scale: 1, levels },
    family: "categorical",
    familyGuessed,
    warnings: [],
    encodeInto(values, rows, at, stride) {
      for (let i = 0; i < values.length; i++) rows[at + i * stride] = numbers.get(values[i])!;
    },
  };
}

function oneValue(name: string, value: string): InputError {
  return new InputError(
    `The target ${name} is ${value} in every row, so there is nothing to learn from it; use another target, or rows where it differs.`,
  );
}

function tooManyValues(name: string, count: string, labels: readonly string[]): InputError {
  const shown = `${listed(labels.slice(0, 3), "and")}${labels.length > 3 ? " among them" : ""}`;
  return new InputError(
    `The bernoulli family needs a target of two values, and ${name} has ${count} (${shown}); make two of them, as in ${name} == ${labels[0]} ~ …, or use --family categorical, or gaussian for numbers.`,
  );
}
