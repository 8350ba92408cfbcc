import type { Engine } from "../src/engine/engine.ts";
import { oneOfSeveral, type ProgressListener, progressReporter, type ReportProgress } from "../src/engine/progress.ts";
import type { PaperPart, PartContext, PartResult } from "./part.ts";

export interface PartsOptions {
  readonly dataFolder: string;
  readonly engine: Engine;
  readonly seed?: number;
  readonly effort?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/** The result of one part, and the time it took. */
export interface FinishedPart {
  readonly part: PaperPart;
  readonly result: PartResult;
  readonly seconds: number;
}

/** Runs one part and releases its memory. */
export async function runPart(part: PaperPart, options: PartsOptions): Promise<FinishedPart> {
  const { dataFolder, engine, seed = 1, effort = 1, signal } = options;
  const mark = engine.memory.mark();
  const started = performance.now();
  let current = part.name;
  const report = progressReporter(options.onProgress);
  // A part has many runs of its own, one after the other.
  const ofRun = oneOfSeveral(report);
  const onProgress: ReportProgress = (_stage, fraction, amount) => ofRun?.(current, fraction, amount);
  const enter = (stage: string) => {
    current = `${part.name}: ${stage}`;
    report?.(current, 0);
  };
  const workspace = { executor: engine.executor, signal, onProgress, counter: { rowsVisited: 0 } };
  const context: PartContext = { dataFolder, engine, workspace, enter, seed, effort };
  try {
    report?.(part.name, 0);
    const result = await part.run(context);
    report?.finish();
    const data = { part: part.name, seed, effort, ...result.data };
    return { part, result: { ...result, data }, seconds: (performance.now() - started) / 1000 };
  } finally {
    engine.memory.release(mark);
  }
}
