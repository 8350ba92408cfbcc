import { InputError } from "../errors.ts";
import { families } from "../families/families.ts";
import type { GroupChoice } from "../prediction/group-predictor.ts";
import type { PredictiveFit } from "../prediction/predictive-fit.ts";
import { quotedNames, readAt } from "./at-values.ts";
import { type EffectColumn, type EffectColumns, effectColumns, requireEffect } from "./effect-columns.ts";
import type { SettledEffectOptions } from "./effects-options.ts";
import type { EffectNames, EffectQuestion } from "./plan.ts";

/** What is asked of a fit, and of which groups of a multilevel model. */
export interface SettledQuestion extends EffectQuestion {
  readonly groups: GroupChoice;
  /** Whether hypotheses are all that is asked. */
  readonly isEmpty: boolean;
}

/** @throws InputError where the options do not go with the fit, or with each other */
export function settleQuestion(
  { recipe }: PredictiveFit,
  options: SettledEffectOptions,
  hasData: boolean,
): SettledQuestion {
  refuseScales(recipe, options);
  const columns = effectColumns(recipe);
  const at = readAt(options.at, columns);
  const { kind, contrasts, comparison, hypotheses, by } = options;
  if (by.length > 0 && !hasData)
    throw new InputError("--by averages over the rows of each group, so it needs the data; or set columns by --at.");
  const isPlain = kind === "all" && contrasts.length === 0 && options.of.length === 0;
  const isEmpty = isPlain && hypotheses.length > 0 && at.size === 0 && by.length === 0;
  const isPredictions =
    options.of.length === 0 && (kind === "predictions" || (isPlain && (at.size > 0 || by.length > 0)));
  const of = isPredictions || isEmpty ? [] : columnsAsked(columns, options, new Set(at.keys()));
  const isDefault = options.of.length === 0 && kind === "all";
  if (of.length > 1 && of.some(({ name }) => at.has(name)))
    throw new InputError(
      `--at sets ${quotedNames(of.filter(({ name }) => at.has(name)).map(({ name }) => name))}, whose effect is asked for beside others: ask for it by itself.`,
    );
  if (kind === "predictions" && contrasts.length > 0)
    throw new InputError("--contrast compares predictions, and --kind predictions wants none compared; leave one out.");
  const groups = groupsOf(recipe, options, { hasData, named: new Set([...at.keys(), ...of.map(({ name }) => name)]) });
  if (groups !== "known") refuseIdleGroups([...of.map(({ name }) => name), ...at.keys()], columns, groups);
  return {
    of,
    at,
    columns: columns.columns,
    kinds: kindsOf(kind, contrasts.length > 0 || (isDefault && of.length > 0)),
    mustHaveSlopes: kind === "slopes" && options.of.length > 0,
    contrasts,
    comparison,
    groups,
    isEmpty,
  };
}

function kindsOf(kind: SettledEffectOptions["kind"], onlyComparisons: boolean): Set<EffectNames["kind"]> {
  if (kind === "all") return new Set(onlyComparisons ? ["comparison"] : ["prediction", "comparison", "slope"]);
  const names = { predictions: "prediction", comparisons: "comparison", slopes: "slope" } as const;
  return new Set([names[kind]]);
}

/** The columns that are named, or all that have an effect and are not set. */
function columnsAsked(
  columns: EffectColumns,
  { of, kind, contrasts }: SettledEffectOptions,
  set: ReadonlySet<string>,
): EffectColumn[] {
  if (of.length > 0) return of.map((name) => requireEffect(columns, name));
  if (contrasts.length > 0)
    throw new InputError(
      `--contrast compares values of a column: name it by --of, one of ${[...columns.columns.keys()].join(", ")}.`,
    );
  const all = [...columns.columns.values()].filter(
    ({ name, kind: own, tells, isGrouping, step }) =>
      tells &&
      own !== "text" &&
      !isGrouping &&
      !columns.offsets.has(name) &&
      !set.has(name) &&
      (kind !== "slopes" || (own === "number" && step === undefined)),
  );
  if (all.length === 0)
    throw new InputError("The fit has no column whose effect could be computed like this: name one by --of.");
  return all;
}

/** @throws InputError where a scale or a comparison is none of the target's */
function refuseScales(
  { family, hasReference, target }: PredictiveFit["recipe"],
  { scale, comparison }: SettledEffectOptions,
): void {
  if (scale === "link" && target.kind === "classes" && !hasReference)
    throw new InputError(
      "Without a reference class the linear predictors of classes are known up to a constant alone; leave --scale link out.",
    );
  if (comparison === "difference") return;
  if (scale === "link")
    throw new InputError(
      `On the scale of linear predictors there are differences, and no ratios: leave out --comparison ${comparison}, or --scale link.`,
    );
  const isProbability = ["event", "trials", "classes"].includes(families[family].target);
  if (comparison === "odds-ratio" && !isProbability)
    throw new InputError(
      `Odds are of probabilities, and the ${family} family predicts numbers: take --comparison ratio or difference.`,
    );
}

function groupsOf(
  { groups }: PredictiveFit["recipe"],
  { groups: given }: SettledEffectOptions,
  { hasData, named }: { readonly hasData: boolean; readonly named: ReadonlySet<string> },
): GroupChoice {
  if (!groups) {
    if (given === undefined) return "known";
    throw new InputError(
      "The option groups is for fits with group terms such as (1 | g), and this one has none: leave --groups out.",
    );
  }
  if (given !== undefined || hasData) return given ?? "known";
  const names = groups.factors.flatMap(({ columns }) => columns.map(({ name }) => name));
  return names.some((name) => named.has(name)) ? "known" : "population";
}

/** @throws InputError where a grouping column is asked for, or set, and the groups' effects are left out */
function refuseIdleGroups(names: readonly string[], { columns }: EffectColumns, groups: GroupChoice): void {
  const idle = names.find((name) => columns.get(name)?.isGrouping);
  if (idle !== undefined)
    throw new InputError(
      `"${idle}" groups the rows, and --groups ${groups} leaves the effects of its levels out: give --groups known.`,
    );
}
