import type { Engine } from "../src/engine/engine.ts";
import type { PaperPart, PartContext, PartResult } from "./part.ts";

export interface PartsOptions {
  readonly dataFolder: string;
  readonly engine: Engine;
  readonly seed?: number;
  readonly effort?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (stage: string, fraction: number) => void;
}

/** What running one part took, beside what it made. */
export interface FinishedPart {
  readonly part: PaperPart;
  readonly result: PartResult;
  readonly seconds: number;
}

/** Runs one part; its memory is given back. */
export async function runPart(part: PaperPart, options: PartsOptions): Promise<FinishedPart> {
  const { dataFolder, engine, seed = 1, effort = 1, signal } = options;
  const mark = engine.memory.mark();
  const started = performance.now();
  let current = part.name;
  const onProgress = (_stage: string, fraction: number) => options.onProgress?.(current, fraction);
  const enter = (stage: string) => {
    current = `${part.name}: ${stage}`;
    options.onProgress?.(current, 0);
  };
  const workspace = { executor: engine.executor, signal, onProgress, counter: { rowsVisited: 0 } };
  const context: PartContext = { dataFolder, engine, workspace, enter, seed, effort };
  try {
    options.onProgress?.(part.name, 0);
    const result = await part.run(context);
    const data = { part: part.name, seed, effort, ...result.data };
    return { part, result: { ...result, data }, seconds: (performance.now() - started) / 1000 };
  } finally {
    engine.memory.release(mark);
  }
}
