import { varianceNames } from "../../src/design/groups/variance-names.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import type { Coefficient } from "../../src/fit/summary/coefficients.ts";
import type { GroupTermSummary } from "../../src/fit/summary/group-terms.ts";
import { integer } from "./table.ts";

/** A line of the table: its name begins with the heading that it stands under. */
export interface TableRow extends Omit<Coefficient, "standardized"> {
  /** The name of its draws, where that is another; null where it has none. */
  readonly drawn?: string | null;
}

/** What the intraclass correlation compares the term's variance with. */
const residuals = { "sigma^2": "σ²", "pi^2/3": "π²/3" } as const;

/** The sds, correlations and intraclass correlations of group terms, each term under its heading. */
export function groupRows({ groups = [] }: Pick<Posterior, "groups">): TableRow[] {
  return groups.flatMap((term) => {
    const under = (name: string) => `${groupHeading(term)} ${name}`;
    return [
      ...term.sds.map((sd) => ({
        ...sd,
        name: under(`sd ${sd.name}`),
        drawn: varianceNames(term.factor, [sd.name])[0],
      })),
      ...term.correlations.map(({ names, ...numbers }) => ({
        ...numbers,
        name: under(`cor ${names.join(", ")}`),
        drawn: varianceNames(term.factor, names)[2],
      })),
      ...(term.icc ? [{ ...unknown, ...term.icc, name: under(`icc (beside ${residuals[term.icc.residual]})`) }] : []),
    ];
  });
}

/** `(1 + Days | Subject), 18 levels` */
export function groupHeading({ term, factor, levels }: GroupTermSummary): string {
  const of = term.includes(factor) ? "" : ` of ${factor}`;
  return `${term}, ${integer(levels)} levels${of}`;
}

/** Of what is made of the draws of others. */
const unknown = {
  mcse_mean: null,
  mcse_sd: null,
  "mcse_hdi_3%": null,
  "mcse_hdi_97%": null,
  ess_bulk: null,
  ess_tail: null,
  r_hat: null,
  drawn: null,
};
