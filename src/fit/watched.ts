import { progressMilliseconds } from "../engine/progress.ts";
import type { NamedDraws } from "../prediction/predictive-fit.ts";
import type { ModeEstimates } from "./input/estimate-input.ts";
import { drawsOnDataScale } from "./summary/dense-marginals.ts";

/** The draws of a run that goes on. */
export interface DrawsSoFar {
  /** Of every parameter on the scale of the data, one array a chain; chains may have different numbers of them. */
  readonly draws: NamedDraws;
  /** The names of the parameters, in the order of the result. */
  readonly names: readonly string[];
}

/** The same estimates, from which draws are told of as they are made. */
export function watched(estimates: ModeEstimates, listener: (soFar: DrawsSoFar) => void): ModeEstimates {
  const { design, local, names } = estimates;
  if (local.curvature !== "dense") return estimates;
  let last = 0;
  const onDraws = (positions: () => readonly Float64Array[]) => {
    const now = performance.now();
    if (now - last < progressMilliseconds) return;
    last = now;
    listener({ names, draws: drawsOnDataScale(design, names, local.model, positions()) });
  };
  return { ...estimates, local: { ...local, workspace: { ...local.workspace, onDraws } } };
}
