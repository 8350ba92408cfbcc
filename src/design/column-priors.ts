import { InputError } from "../errors.ts";
import { termNameOf } from "../formula/formula-terms.ts";
import type { Prior } from "../priors/densities.ts";
import { suggestion } from "../suggest.ts";

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
