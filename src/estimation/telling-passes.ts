import type { Workspace } from "../rows/workspace.ts";

/** Passes after which half of what was left of a stage is taken to be done. */
const halfway = 5;

/**
 * A workspace whose passes over rows are told as those of a stage, with the rows they have read. How many passes a search takes
 * nobody knows: unless told, each does the same share of what is left.
 * @param passes that the stage has
 */
export function tellingPasses(workspace: Workspace, stage: string, passes?: number): Workspace {
  const { onProgress, counter } = workspace;
  if (!onProgress) return workspace;
  const before = counter.rowsVisited;
  let made = 0;
  const tell = () => {
    const fraction = passes === undefined ? 1 - 0.5 ** (made / halfway) : Math.min(1, made / passes);
    onProgress(stage, fraction, { done: counter.rowsVisited - before, unit: "rows" });
  };
  tell();
  return {
    ...workspace,
    afterPass: () => {
      made++;
      tell();
    },
  };
}
