import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Executor } from "../engine/executor.ts";
import type { ReportProgress } from "../engine/progress.ts";

/** What every stage of a run computes with. */
export interface Workspace {
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  readonly onProgress?: ReportProgress;
  /**
   * Told a few times a second while the chains run that there are more draws; what it is given copies those so far, one array a chain,
   * draws × M row-major.
   */
  readonly onDraws?: (soFar: () => readonly Float64Array[]) => void;
  /** Where results are kept for a run that begins anew after an interruption; absent unless asked for. */
  readonly checkpoint?: Checkpoint;
  /** Called after each pass over rows. */
  readonly afterPass?: () => void;
  /** Rows read so far by full passes, subsample passes and chains. */
  readonly counter: { rowsVisited: number };
}
