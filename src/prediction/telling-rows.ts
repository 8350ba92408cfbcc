import { progressMilliseconds, type ReportProgress } from "../engine/progress.ts";
import type { TableSource } from "../table/table-source.ts";

/** Reports how many of a source's rows have been read. */
export function tellRows(
  onProgress: ReportProgress | undefined,
  stage: string,
  { numRows: total }: TableSource,
  done: number,
): void {
  onProgress?.(stage, total ? done / total : 0, { done, total, unit: "rows" });
}

/**
 * Does `work`, and reports how far the source is with what it does before the first rows arrive, such as reading a CSV
 * file into a table.
 */
export async function whilePreparing<T>(
  source: TableSource,
  onProgress: ReportProgress | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const tell = () => {
    const fraction = source.prepared?.();
    if (fraction !== undefined) onProgress?.("reading the file", fraction);
  };
  tell();
  const timer = source.prepared && onProgress && setInterval(tell, progressMilliseconds);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
