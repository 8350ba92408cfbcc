import { createInlineEngine } from "../../engine/engine.ts";
import type { TableSource } from "../../table/table-source.ts";
import type { PosteriorData } from "../posterior.ts";
import { updateWithEngine } from "./update.ts";
import type { UpdateOptions } from "./update-types.ts";

/** A fit with new rows added, on the calling thread. @throws as `updateWithEngine` */
export async function updateHere(
  fit: PosteriorData,
  source: TableSource,
  options: UpdateOptions = {},
): Promise<PosteriorData> {
  const engine = await createInlineEngine();
  try {
    return await updateWithEngine(fit, source, options, engine);
  } finally {
    await engine.executor.close();
  }
}
