import { InputError } from "../errors.ts";
import type { SetValue } from "./at-values.ts";
import { settledValue } from "./at-values.ts";
import {
  type ComparisonKind,
  type Computed,
  comparisonOfForm,
  comparisonOfTwo,
  itself,
  labelOf,
  slopeOver,
} from "./comparisons.ts";
import {
  type Contrast,
  type NumberContrast,
  parseContrast,
  parseNumberContrast,
  referenceContrasts,
} from "./contrasts.ts";
import type { EffectColumn } from "./effect-columns.ts";
import { halfWidthOf, noSlopeOf } from "./slopes.ts";
import { type Change, type Variant, Variants } from "./variants.ts";

/** What an estimate is called. */
export interface EffectNames {
  readonly kind: "prediction" | "comparison" | "slope";
  /** The column whose effect it is; absent of predictions of rows as they are. */
  readonly term?: string;
  /** What is compared: `Rome - Oslo`, `+1`, `dY/dX`. */
  readonly contrast?: string;
  readonly comparison?: ComparisonKind;
  /** The columns that are set, with their values. */
  readonly at: Readonly<Record<string, string | number>>;
}

/** An estimate, and of the averages of which variants it is computed. */
export interface PlannedEstimate extends EffectNames, Computed {
  readonly places: readonly number[];
}

export interface EffectPlan {
  readonly variants: readonly Variant[];
  readonly estimates: readonly PlannedEstimate[];
  /** Sentences on what was left out. */
  readonly notes: readonly string[];
}

/** What is asked of a fit's columns. */
export interface EffectQuestion {
  /** None where predictions of rows as they are, or with columns set, are all that is wanted. */
  readonly of: readonly EffectColumn[];
  readonly at: ReadonlyMap<string, readonly SetValue[]>;
  readonly columns: ReadonlyMap<string, EffectColumn>;
  readonly kinds: ReadonlySet<EffectNames["kind"]>;
  /** Whether slopes were asked for by name, so that there is an error where there are none. */
  readonly mustHaveSlopes: boolean;
  readonly contrasts: readonly string[];
  readonly comparison: ComparisonKind;
}

/** One combination of the values that other columns are set to. */
interface Cell {
  readonly changes: Variant;
  readonly at: EffectNames["at"];
}

/** @throws InputError where a level, a contrast or a slope does not exist */
export function planEffects(question: EffectQuestion): EffectPlan {
  const planner = new Planner(question);
  const own = new Set(question.of.map(({ name }) => name));
  for (const cell of cellsOf(question, own)) {
    if (question.of.length === 0) planner.predict(cell);
    for (const column of question.of) planner.add(column, cell);
  }
  return { variants: planner.variants.list, estimates: planner.estimates, notes: [...planner.notes] };
}

/** Every combination of the values of the columns that are set, but for those whose effect is asked for. */
function cellsOf({ at, columns }: EffectQuestion, own: ReadonlySet<string>): Cell[] {
  let cells: Cell[] = [{ changes: [], at: {} }];
  for (const [name, values] of at) {
    if (own.has(name)) continue;
    const column = columns.get(name)!;
    cells = cells.flatMap((cell) =>
      values.map((value) => ({
        changes: [...cell.changes, setTo(column, value.value)],
        at: { ...cell.at, [name]: value.label },
      })),
    );
    if (cells.length > maxCells)
      throw new InputError(`--at makes a grid of more than ${maxCells} points; give fewer values.`);
  }
  return cells;
}

const maxCells = 2000;

const setTo = ({ name, type }: EffectColumn, value: number | string): Change => ({
  column: name,
  isBoolean: type === "boolean",
  set: value,
});
const plus = ({ name }: EffectColumn, add: number): Change => ({ column: name, isBoolean: false, add });

/** What a column of numbers is changed from: a value that it is set to, or the one that each row has. */
interface Base {
  readonly itself: Variant;
  plus(step: number): Variant;
  /** The width between two steps, of what the numbers are once rounded. */
  width(high: number, low: number): number;
  readonly at: EffectNames["at"];
}

function basesOf(column: EffectColumn, values: readonly SetValue[] | undefined): Base[] {
  const { name } = column;
  if (!values) return [{ itself: [], plus: (add) => [plus(column, add)], width: (high, low) => high - low, at: {} }];
  return values.map(({ value, label }) => ({
    itself: [setTo(column, value)],
    plus: (step) => [setTo(column, Number(value) + step)],
    width: (high, low) => Number(value) + high - (Number(value) + low),
    at: { [name]: label },
  }));
}

class Planner {
  readonly variants = new Variants();
  readonly estimates: PlannedEstimate[] = [];
  readonly notes = new Set<string>();

  constructor(private readonly question: EffectQuestion) {}

  /** Predictions of the rows as they are in a cell. */
  predict(cell: Cell): void {
    this.push({ kind: "prediction", at: {} }, cell, { sides: [[]], computed: itself });
  }

  add(column: EffectColumn, cell: Cell): void {
    const { kinds } = this.question;
    const values = this.question.at.get(column.name) ?? (column.kind === "factor" ? levelValues(column) : undefined);
    if (column.kind === "text" && !values)
      throw new InputError(
        `"${column.name}" holds texts: set the ones to compare by --at '${column.name}=…' (as many as you like, between commas).`,
      );
    if (kinds.has("prediction")) this.predictions(column, cell, values);
    if (kinds.has("comparison")) {
      if (column.kind === "number") this.compareNumbers(column, cell, values);
      else this.compareLevels(column, cell, values ?? []);
    }
    if (kinds.has("slope")) this.slopes(column, cell, values);
  }

  private push(
    names: EffectNames,
    { changes, at }: Cell,
    { sides, computed }: { readonly sides: readonly Variant[]; readonly computed: Computed },
  ): void {
    const places = sides.map((side) => this.variants.placeOf([...changes, ...side]));
    this.estimates.push({ ...names, at: { ...at, ...names.at }, places, ...computed });
  }

  private predictions(column: EffectColumn, cell: Cell, values: readonly SetValue[] | undefined): void {
    const { name: term } = column;
    if (!values) this.predict(cell);
    for (const { value, label } of values ?? [])
      this.push({ kind: "prediction", term, at: { [term]: label } }, cell, {
        sides: [[setTo(column, value)]],
        computed: itself,
      });
  }

  /** How a contrast is compared: as it is written, unless told. */
  private comparisonOf({ isRatio }: { readonly isRatio: boolean }): ComparisonKind {
    return isRatio && this.question.comparison === "difference" ? "ratio" : this.question.comparison;
  }

  private compareLevels(column: EffectColumn, cell: Cell, values: readonly SetValue[]): void {
    const { contrasts, at } = this.question;
    const own = values.map(({ label }) => String(label));
    const levels = column.kind === "factor" && !at.has(column.name) ? column.levels : own;
    const wanted = contrasts.flatMap((text) => parseContrast(column, levels, text));
    for (const contrast of contrasts.length > 0 ? wanted : referenceContrasts(own)) {
      const comparison = this.comparisonOf(contrast);
      if (!contrast.pair && comparison !== "difference") throw noRatio(contrast, comparison);
      const names = contrast.pair ?? [...contrast.form.terms.keys()];
      const weights = [...contrast.form.terms.values()];
      this.push(
        { kind: "comparison", term: column.name, contrast: labelOf(comparison, contrast), comparison, at: {} },
        cell,
        {
          sides: names.map((name) => [setTo(column, settledValue(column, name).value)]),
          computed: contrast.pair ? comparisonOfTwo[comparison] : comparisonOfForm(weights),
        },
      );
    }
  }

  private compareNumbers(column: EffectColumn, cell: Cell, values: readonly SetValue[] | undefined): void {
    const { contrasts } = this.question;
    const wanted = contrasts.map((text) => parseNumberContrast(column, text));
    for (const contrast of contrasts.length > 0 ? wanted : ownContrasts(values)) {
      const comparison = this.comparisonOf(contrast);
      const computed = comparisonOfTwo[comparison];
      const names = {
        kind: "comparison",
        term: column.name,
        contrast: labelOf(comparison, contrast),
        comparison,
      } as const;
      if ("pair" in contrast) {
        const sides = [contrast.high, contrast.low].map((value) => [setTo(column, value)]);
        this.push({ ...names, at: {} }, cell, { sides, computed });
      } else
        for (const { itself, plus, at } of basesOf(column, values))
          this.push({ ...names, at }, cell, { sides: [plus(contrast.step), itself], computed });
    }
  }

  private slopes(column: EffectColumn, cell: Cell, values: readonly SetValue[] | undefined): void {
    const reason = noSlopeOf(column);
    if (reason !== undefined) {
      if (this.question.mustHaveSlopes) throw new InputError(reason);
      if (column.kind === "number") this.notes.add(reason);
      return;
    }
    const half = halfWidthOf(column);
    for (const { plus, width, at } of basesOf(column, values))
      this.push({ kind: "slope", term: column.name, contrast: "dY/dX", at }, cell, {
        sides: [plus(half), plus(-half)],
        computed: slopeOver(width(half, -half)),
      });
  }
}

function noRatio({ label }: Contrast, comparison: ComparisonKind): InputError {
  return new InputError(
    `"${label}" is of more than two levels, of which there is a difference and no ${comparison.replace("-", " ")}; leave --comparison out, or name two levels.`,
  );
}

const levelValues = (column: EffectColumn): SetValue[] => column.levels.map((level) => settledValue(column, level));

/** Of values that a number is set to, each against the first; of one value, or none, a step of 1. */
function ownContrasts(values: readonly SetValue[] | undefined): NumberContrast[] {
  if (!values || values.length < 2) return [{ label: "+1", step: 1, isRatio: false }];
  const [first, ...others] = values;
  return others.map(({ value, label }) => ({
    label: `${label} - ${first.label}`,
    pair: [String(label), String(first.label)],
    high: Number(value),
    low: Number(first.value),
    isRatio: false,
  }));
}
