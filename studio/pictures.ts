import type { Posterior } from "../src/fit/posterior.ts";
import { withLevelNames } from "../src/prediction/group-effects.ts";
import { type ReportOptions, report as reportOf } from "../src/report/report.ts";

/** The command's report, of a fit that came from a worker. */
export function report(copy: Posterior, options: ReportOptions): Promise<string> {
  const { groupEffects, recipe } = copy;
  return reportOf(groupEffects ? { ...copy, groupEffects: withLevelNames(groupEffects, recipe) } : copy, options);
}
