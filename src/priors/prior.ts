import { InputError } from "../errors.ts";
import { termNameOf } from "../formula/formula-terms.ts";
import { suggestion } from "../suggest.ts";
import { type Distribution, parseDistribution, requireReasonable } from "./distribution.ts";

/** A normal prior on one coefficient, on the standardised scale. */
export interface NormalPrior {
  readonly mean: number;
  readonly sd: number;
}

/** A prior on one coefficient, on the standardised scale. */
export type Prior =
  | (NormalPrior & { readonly kind: "normal" })
  | { readonly kind: "student-t"; readonly degrees: number; readonly mean: number; readonly scale: number }
  | { readonly kind: "laplace"; readonly mean: number; readonly scale: number };

/** `normal(0, 2.5)`: the default prior of every coefficient. */
export const defaultPrior: Prior & NormalPrior = { kind: "normal", mean: 0, sd: 2.5 };

/** `normal(0, 10)`: the default prior of the intercept of the centred design. */
export const defaultInterceptPrior: Prior & NormalPrior = { kind: "normal", mean: 0, sd: 10 };

/** The arguments of each kind, in the order in which they are written; all but the mean are above 0. */
const priorArguments = {
  normal: ["mean", "sd"],
  "student-t": ["degrees", "mean", "scale"],
  laplace: ["mean", "scale"],
} as const;

/** Examples for sentences that refuse something else. */
export const priorForms = "normal(0, 2.5), student-t(3, 0, 1) or laplace(0, 1)";

/**
 * Reads `normal(mean, sd)`, `student-t(degrees, mean, scale)` or `laplace(mean, scale)`.
 * @throws InputError with a sentence that names the option
 */
export function parsePrior(text: string, option: string): Prior {
  if (/^\s*horseshoe\b/i.test(text)) {
    throw new InputError(
      `${option} cannot be a horseshoe: its posterior is a funnel whose curvature is without bound, where no constant learning rate has a stationary law near it (docs/priors.md); use laplace(0, 0.5), student-t(3, 0, 0.5) or learned.`,
    );
  }
  return parseDistribution(text, option, priorArguments, priorForms) as Prior;
}

/** A prior as it is given in the library: a text, a Prior, or { mean, sd } for a normal one. */
export type PriorLike = string | Prior | NormalPrior;

/** @throws InputError where the text is no prior */
export function readPrior(value: PriorLike, option: string): Prior {
  if (typeof value === "string") return parsePrior(value, option);
  return requireReasonable("kind" in value ? value : { kind: "normal", mean: value.mean, sd: value.sd }, option);
}

/** The priors of a design's coefficients. */
export interface CoefficientPriors {
  readonly default: Prior;
  readonly intercept: Prior;
  /** By the name of a term of the formula, or of one column; a column's own goes before its term's. */
  readonly named?: ReadonlyMap<string, Prior>;
}

interface NamedColumn {
  readonly name: string;
  readonly term: string;
  readonly isIntercept: boolean;
}

/**
 * The prior of each column of the design, the intercept among them.
 *
 * @param leftOut Columns that the design left out as they are constant; a prior for them is no mistake.
 * @throws InputError where a name belongs to no column
 */
export function priorsOfColumns(
  columns: readonly NamedColumn[],
  priors: CoefficientPriors,
  leftOut: readonly string[] = [],
): Prior[] {
  const known = new Set([...columns.flatMap(({ name, term }) => [name, term]), ...leftOut].map(bare));
  // A term may be written as in the formula, where C() may hold a reference level that is no part of its name.
  const nameOf = (written: string) => (known.has(bare(written)) ? written : (termNameOf(written) ?? written));
  const named = new Map([...(priors.named ?? [])].map(([written, prior]) => [bare(nameOf(written)), prior]));
  refuseUnknown([...(priors.named?.keys() ?? [])].map(nameOf), columns, leftOut);
  return columns.map(({ name, term, isIntercept }) =>
    isIntercept ? priors.intercept : (named.get(bare(name)) ?? named.get(bare(term)) ?? priors.default),
  );
}

/** Names are the same whatever blanks are written in them. */
const bare = (name: string) => name.replace(/\s+/g, "");

function refuseUnknown(names: readonly string[], columns: readonly NamedColumn[], leftOut: readonly string[]): void {
  const others = columns.filter(({ isIntercept }) => !isIntercept);
  const known = [...new Set(others.flatMap(({ term, name }) => [term, name]))];
  const accepted = new Set([...known, ...leftOut].map(bare));
  for (const name of names) {
    if (accepted.has(bare(name))) continue;
    if (bare(name) === "Intercept") {
      throw new InputError('The prior of "Intercept" is an option of its own: give --intercept-prior.');
    }
    throw new InputError(
      `A prior is given for "${name}", which is no term of the formula and no column of the design; ${suggestion(name, known, "they are")}`,
    );
  }
}

/** `student-t(3, 0, 1)` of a prior, as parsePrior reads it. */
export function priorText(prior: Distribution): string {
  const { kind, ...values } = prior;
  return `${kind}(${Object.values(values).join(", ")})`;
}
