import { bernoulli } from "./bernoulli.ts";
import { binomial } from "./binomial.ts";
import { categorical } from "./categorical.ts";
import { gaussian } from "./gaussian.ts";
import { negativeBinomial } from "./negative-binomial.ts";
import { poisson } from "./poisson.ts";
import { studentT } from "./student-t.ts";

/** The one list of families; the command's choices, the tests and the documentation are derived from it. */
export const families = {
  gaussian,
  "student-t": studentT,
  bernoulli,
  binomial,
  poisson,
  "negative-binomial": negativeBinomial,
  categorical,
};

export type FamilyName = keyof typeof families;

/** Whether a family has a scale of the target among its parameters, so that a target on any other scale is modelled as well. */
export const hasScale = (family: FamilyName) => families[family].auxiliaries.some(({ isScale }) => isScale);

/** Whether a family is one of counts: whole numbers, 0 or more. */
export const isCountFamily = (family: FamilyName) => families[family].target === "counts";
