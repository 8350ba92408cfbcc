import { families } from "../families/families.ts";
import type { Posterior } from "../fit/posterior.ts";
import {
  coefficientNames,
  type ModelRecipe,
  type PredictiveFit,
  parameterNames,
} from "../prediction/predictive-fit.ts";

/** The parts of a saved fit that are arrays, and the recipe that they go with. */
export type SavedArrays = Pick<Posterior, "recipe" | "draws" | "hamiltonian" | "observed" | "carried"> &
  Pick<PredictiveFit, "groupEffects">;

const longestReason = 300;

/** An error's message as part of a sentence: its first line, cut where a damaged fit has names without end. */
export function reasonInSentence(message: string): string {
  const line = message.trim().split("\n")[0].replace(/\.$/, "");
  return line.length <= longestReason ? line : `${line.slice(0, longestReason - 1)}…`;
}

const recordedKinds = {
  numbers: "number",
  counts: "number",
  event: "binary",
  trials: "trials",
  classes: "classes",
} as const;

/**
 * Checks that the parts of a recipe are consistent, as far as their schemas do not guarantee it.
 * @throws Error saying what is inconsistent
 */
export function checkRecipe({ family, target, columns, blocks, levels, fixed, inputs }: ModelRecipe): void {
  if (target.kind !== recordedKinds[families[family].target])
    throw new Error(`its recipe has a target that the family ${family} does not have`);
  if (["binary", "classes"].includes(target.kind) && !target.levels)
    throw new Error("its recipe has no levels of the target");
  if (target.kind === "binary" && target.levels.length !== 2)
    throw new Error("its recipe has not the two levels of the target");
  requireDistinct(target.levels ?? [], "a level of the target");
  requireDistinct(
    columns.map(({ name }) => name),
    "a column",
  );
  requireDistinct(
    inputs.map(({ name }) => name),
    "a column of the data",
  );
  const auxiliaries: readonly string[] = families[family].auxiliaries.map(({ name }) => name);
  for (const name of Object.keys(fixed))
    if (!auxiliaries.includes(name))
      throw new Error(`its recipe fixes ${name}, which the family ${family} does not have`);
  const used = new Set<number>();
  for (const { coding, columns: own } of blocks) {
    for (const [factor] of coding)
      if (!Object.hasOwn(levels, factor)) throw new Error("its recipe has a factor without levels");
    for (const { column, levels: at } of own) {
      if (column >= columns.length) throw new Error("its recipe has a block of a column that it does not have");
      if (at.length !== coding.length || at.some((level, k) => !levels[coding[k][0]].includes(level)))
        throw new Error("its recipe has a column of levels that it does not have");
      if (column >= 0) used.add(column);
    }
  }
  const left = columns.findIndex(({ term }, j) => !used.has(j) && term !== "Intercept");
  if (left >= 0) throw new Error("its recipe has a column that no term of it makes");
}

/**
 * Checks, before anything is computed from them, that arrays have the sizes stated in the result and hold permitted
 * values.
 * @throws Error saying what is wrong
 */
export function checkArrays(
  { data, settings, coefficients, family }: Pick<Posterior, "data" | "settings" | "coefficients" | "family">,
  { recipe, draws, hamiltonian, observed }: SavedArrays,
): void {
  const names = coefficientNames(recipe);
  if (family !== recipe.family) throw new Error("its result and its recipe are of different families");
  const listed = new Set(coefficients.map(({ name }) => name));
  if (coefficients.length !== names.length || names.some((name) => !listed.has(name)))
    throw new Error("its table has not the coefficients of its model");
  const { chains, draws: count } = settings;
  for (const name of parameterNames(recipe)) {
    const own = draws.get(name);
    if (own?.length !== chains || own.some((values) => values.length !== count))
      throw new Error(`it has not ${chains} chains of ${count} draws of ${name}`);
    if (own.some((values) => !values.every(Number.isFinite)))
      throw new Error(`the draws of ${name} are not all numbers`);
  }
  checkStatistics(hamiltonian, chains);
  if (observed) checkObserved(observed, data.rows, recipe.target.levels);
}

function checkStatistics(hamiltonian: SavedArrays["hamiltonian"], chains: number): void {
  if (!hamiltonian) return;
  if (hamiltonian.length !== chains) throw new Error("it has not the statistics of as many chains as it says");
  const iterations = hamiltonian[0].energy.length;
  for (const { energy, acceptance, treeDepth, diverging, ...once } of hamiltonian) {
    if ([energy, acceptance, treeDepth, diverging].some(({ length }) => length !== iterations))
      throw new Error("its chains have not as many iterations each");
    if (Object.values(once).some((value) => typeof value !== "number" || Number.isNaN(value)))
      throw new Error("the statistics of its chains are not all numbers");
  }
}

function checkObserved(observed: Float64Array, rows: number, levels: readonly string[] | undefined): void {
  if (observed.length !== rows) throw new Error("it has not as many values of the target as rows");
  const isValue = levels
    ? (value: number) => Number.isInteger(value) && value >= 0 && value < levels.length
    : Number.isFinite;
  if (!observed.every(isValue)) throw new Error("its values of the target are not all such as it may have");
}

function requireDistinct(names: readonly string[], what: string): void {
  if (new Set(names).size < names.length) throw new Error(`its recipe names ${what} twice`);
}
