import type { Posterior } from "../../src/fit/posterior.ts";

/** What is made of a fit is no better than its draws: a sentence where its certificate failed. @param what "predictions" */
export function certificateWarnings(
  { certificate }: Pick<Posterior, "certificate">,
  what: string,
  path: string,
): string[] {
  if (certificate.verdict !== "failed") return [];
  return [`The certificate of the fit is "failed", so these ${what} may be off; ornstein check ${path} says why.`];
}
