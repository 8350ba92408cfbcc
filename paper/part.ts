import type { PlotOptions } from "@observablehq/plot";
import type { Engine } from "../src/engine/engine.ts";
import type { Workspace } from "../src/rows/workspace.ts";

/** What a part runs with. */
export interface PartContext {
  /** Folder of the data sets, laid out as `dataFiles` says. */
  readonly dataFolder: string;
  readonly engine: Engine;
  readonly workspace: Workspace;
  /** Shows on the progress display what is being done. */
  readonly enter: (stage: string) => void;
  readonly seed: number;
  /** Fraction of the full number of draws, chains and windows: 1 for the paper's, less for a quick look. */
  readonly effort: number;
}

/** What a part makes of the paper's table or figure. */
export interface PartResult {
  /** Numbers and settings, ready for JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Plots by the end of their file's name: "" for the part's own name. */
  readonly plots: Readonly<Record<string, PlotOptions>>;
  /** The numbers as Markdown, if they form a table. */
  readonly markdown?: string;
}

/** One table or figure. `parts.ts` lists them all. */
export interface PaperPart {
  /** Name of its files, and what `--only` takes. */
  readonly name: string;
  /** One line for the list of parts. */
  readonly summary: string;
  run(context: PartContext): Promise<PartResult>;
}

/** Does work in memory that is given back afterwards. */
export async function inOwnMemory<T>({ engine }: PartContext, work: () => Promise<T>): Promise<T> {
  const mark = engine.memory.mark();
  try {
    return await work();
  } finally {
    engine.memory.release(mark);
  }
}

/** `count` times the effort, at least `least`. */
export function scaled(count: number, { effort }: Pick<PartContext, "effort">, least = 1): number {
  return Math.max(least, Math.round(count * effort));
}
