import type { Posterior } from "../src/fit/posterior.ts";
import { withLevelNames } from "../src/prediction/group-effects.ts";
import { type ReportOptions, report } from "../src/report/report.ts";

/** A fit that is to be shown, as a worker sent it. */
export interface ReportRequest {
  readonly posterior: Posterior;
  readonly options: ReportOptions;
}

export type ReportAnswer = { readonly text: string } | { readonly problem: string };

// Pictures take a moment to draw, in which a page would not answer.
globalThis.onmessage = async ({ data: { posterior, options } }: MessageEvent<ReportRequest>) => {
  const { groupEffects, recipe } = posterior;
  const named = groupEffects && withLevelNames(groupEffects, recipe);
  const send = globalThis.postMessage as (answer: ReportAnswer) => void;
  try {
    send({ text: await report({ ...posterior, ...(named && { groupEffects: named }) }, options) });
  } catch (error) {
    send({ problem: (error as Error).message });
  }
};
