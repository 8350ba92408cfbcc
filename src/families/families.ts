import { bernoulli } from "./bernoulli.ts";
import { categorical } from "./categorical.ts";
import type { Family, FamilyName } from "./family.ts";
import { gaussian } from "./gaussian.ts";
import { negativeBinomial } from "./negative-binomial.ts";
import { poisson } from "./poisson.ts";
import { studentT } from "./student-t.ts";

/** The one list of families; the command's choices are derived from it. */
export const families: Readonly<Record<FamilyName, Family>> = {
  gaussian,
  "student-t": studentT,
  bernoulli,
  poisson,
  "negative-binomial": negativeBinomial,
  categorical,
};
