import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Executor } from "../engine/executor.ts";
import type { ReportProgress } from "../engine/progress.ts";

/** What every stage of a run computes with. */
export interface Workspace {
  readonly executor: Executor;
  readonly signal?: AbortSignal;
  readonly onProgress?: ReportProgress;
  /** Where results are kept for a run that begins anew after an interruption; absent unless asked for. */
  readonly checkpoint?: Checkpoint;
  /** Called after each pass over rows. */
  readonly afterPass?: () => void;
  /** Rows read so far by full passes, subsample passes and chains. */
  readonly counter: { rowsVisited: number };
}
