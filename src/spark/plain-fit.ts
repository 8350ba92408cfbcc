import { InputError } from "../errors.ts";
import type { GroupEffects } from "../prediction/group-effects.ts";
import type { ModelRecipe, PredictiveFit } from "../prediction/predictive-fit.ts";

/** What predictions are made from, in plain data. */
export interface PlainFit {
  readonly recipe: ModelRecipe;
  readonly draws: readonly (readonly [name: string, chains: readonly (readonly number[])[]])[];
  /** The effects of known groups, where these are predicted. */
  readonly groupEffects?: readonly PlainEffects[];
}

/** `GroupEffects` with its arrays as texts: the bytes of f64, in base64. */
type PlainEffects = Plain<GroupEffects>;
type Plain<Value> = Value extends Float64Array
  ? { readonly f64: string }
  : Value extends readonly unknown[] | string | number
    ? Value
    : { readonly [Key in keyof Value]: Plain<Value[Key]> };

/** Numbers of the effects of groups that are sent to every executor. */
const mostNumbers = 2 ** 22;

/** @throws InputError where the effects of the fit's groups are too many to be sent to executors */
export function plainFit({ recipe, draws, groupEffects }: PredictiveFit, groups: string | undefined): PlainFit {
  const plain = [...draws].map(([name, chains]) => [name, chains.map((chain) => Array.from(chain))] as const);
  const fit = { recipe, draws: plain };
  if (!groupEffects || groups === "population" || groups === "new") return fit;
  const count = groupEffects.reduce((sum, { known, mean }) => sum + mean.length + numbersOf(known), 0);
  if (count > mostNumbers)
    throw new InputError(
      `The effects of the fit's groups are ${count.toLocaleString("en-US")} numbers, and ${mostNumbers.toLocaleString("en-US")} are the most that are sent to executors; give --groups new or population, or predict a part of the rows without --engine.`,
    );
  return { ...fit, groupEffects: groupEffects.map((own) => plainOf(own)) };
}

const numbersOf = (known: GroupEffects["known"]): number =>
  known.kind === "draws"
    ? known.values.length
    : known.slopes.length + known.factors.length + (known.outer?.slopes.length ?? 0);

function plainOf<Value>(value: Value): Plain<Value>;
function plainOf(value: unknown): unknown {
  if (value instanceof Float64Array)
    return { f64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64") };
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, plainOf(own)]));
}

function effectsOf(plain: PlainEffects): GroupEffects;
function effectsOf(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  if ("f64" in value) {
    const bytes = Uint8Array.from(Buffer.from(String(value.f64), "base64"));
    return new Float64Array(bytes.buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, effectsOf(own)]));
}

export function fitOf({ recipe, draws, groupEffects }: PlainFit): PredictiveFit {
  const chains = new Map(draws.map(([name, own]) => [name, own.map((chain) => Float64Array.from(chain))]));
  return { recipe, draws: chains, ...(groupEffects && { groupEffects: groupEffects.map((own) => effectsOf(own)) }) };
}
