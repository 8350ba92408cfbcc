import { InputError } from "../errors.ts";
import type { EffectColumn } from "./effect-columns.ts";
import { type LinearForm, LinearParser, tokensOf } from "./linear-form.ts";

/** Levels that are compared: two of them, or a linear combination. */
export interface Contrast {
  readonly label: string;
  /** The level compared and the one that it is compared with, where it is of two. */
  readonly pair?: readonly [string, string];
  readonly form: LinearForm;
  /** Whether it is written as a ratio. */
  readonly isRatio: boolean;
}

/** What stands for all pairs of a kind, with the names that emmeans and marginaleffects give them. */
const families: Readonly<Record<string, (levels: readonly string[]) => (readonly [string, string])[]>> = {
  reference: ([first, ...others]) => others.map((level) => [level, first]),
  sequential: (levels) => levels.slice(1).map((level, k) => [level, levels[k]]),
  pairwise: (levels) => levels.flatMap((low, k) => levels.slice(k + 1).map((high) => [high, low] as const)),
};

function pairContrast(high: string, low: string): Contrast {
  const terms = new Map([
    [high, 1],
    [low, -1],
  ]);
  return { label: `${high} - ${low}`, pair: [high, low], form: { terms, constant: 0 }, isRatio: false };
}

/** Each level against the reference. */
export const referenceContrasts = (levels: readonly string[]): Contrast[] =>
  families.reference(levels).map(([high, low]) => pairContrast(high, low));

/**
 * Reads `a - b`, `a / b`, `(a + b)/2 - c`, or a family of pairs, over the levels of a column.
 * @throws InputError where a level does not exist, or the text is no contrast
 */
export function parseContrast({ name }: EffectColumn, levels: readonly string[], text: string): Contrast[] {
  const family =
    Object.hasOwn(families, text.trim()) && !levels.includes(text.trim()) ? families[text.trim()] : undefined;
  if (family) return family(levels).map(([high, low]) => pairContrast(high, low));
  const wording = {
    what: "The contrast",
    unknown: `no level of "${name}"`,
    known: "its levels are",
    areNumbersNames: true,
  };
  const tokens = tokensOf(text, levels, wording);
  const [high, sign, low] = tokens;
  if (tokens.length === 3 && high.kind === "name" && low.kind === "name" && sign.kind === "sign")
    if (["-", "/"].includes(sign.sign) && high.name !== low.name)
      return [{ ...pairContrast(high.name, low.name), isRatio: sign.sign === "/" }];
  const parser = new LinearParser(text, tokens, wording);
  const form = parser.sum();
  parser.end();
  requireContrast(text, form);
  return [{ label: text.trim(), form, isRatio: false }];
}

/** @throws InputError where the weights of the levels do not sum to 0, as those of a contrast do */
function requireContrast(text: string, { terms, constant }: LinearForm): void {
  const weights = [...terms.values()];
  const sum = weights.reduce((total, own) => total + own, 0);
  const size = weights.reduce((total, own) => total + Math.abs(own), 0);
  if (!Number.isFinite(size) || size === 0 || Math.abs(sum) > 1e-9 * size || constant !== 0)
    throw new InputError(
      `"${text}" is no contrast: the weights of its levels have to sum to 0, as in "a - b" or "(a + b)/2 - c".`,
    );
}

/** A comparison of two numbers, or of a number with itself plus a step. */
export type NumberContrast = { readonly label: string; readonly isRatio: boolean } & (
  | { readonly high: number; readonly low: number; readonly pair: readonly [string, string] }
  | { readonly step: number }
);

const decimal = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?`;
const stepPattern = new RegExp(`^\\+\\s*(${decimal})$`, "i");
const pairPattern = new RegExp(`^(${decimal})\\s*([-/])\\s*(${decimal})$`, "i");

/** Reads `10 - 5`, `10 / 5` or `+10`. @throws InputError where the text is none of these */
export function parseNumberContrast({ name }: EffectColumn, text: string): NumberContrast {
  const step = stepPattern.exec(text.trim());
  const pair = pairPattern.exec(text.trim());
  if (step && Number(step[1]) !== 0) return { label: `+${Number(step[1])}`, step: Number(step[1]), isRatio: false };
  if (pair && Number(pair[1]) !== Number(pair[3])) {
    const [high, low] = [Number(pair[1]), Number(pair[3])];
    return { label: `${high} - ${low}`, pair: [String(high), String(low)], high, low, isRatio: pair[2] === "/" };
  }
  throw new InputError(
    `"${text}" is no contrast of "${name}", which holds numbers: write two different ones, as in "10 - 5", or a step, as in "+10".`,
  );
}
