import { join } from "node:path";
import { buildDesign } from "../../src/design/build-design.ts";
import type { Design } from "../../src/design/design-types.ts";
import { openTable } from "../../src/duckdb/source.ts";
import type { BlockFiles } from "../../src/engine/block-store.ts";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { parseFormula } from "../../src/formula/formula.ts";
import { createModel, overBlocks } from "../../src/models/create-model.ts";
import { type Model, rowBlockOf } from "../../src/models/model.ts";
import type { RowSums } from "../../src/rows/rows.ts";
import { rowsOf } from "../../src/rows/rows-of.ts";
import { openSparkTable } from "../../src/spark/spark-table-node.ts";
import { sparkPython } from "./cluster.ts";

const formula = "late ~ C(hour) + kind * x + offset(x / 10)";
const weights = "w";

export interface RowsOn {
  readonly design: Design;
  readonly model: Model;
  pass(): Promise<RowSums>;
  close(): Promise<void>;
}

/** The rows on Spark, or of this machine. */
export async function rowsOn(
  folder: string,
  master?: string,
  conf: readonly string[] = [],
  {
    blocks,
    sql,
    storage = "dense",
  }: { readonly blocks?: BlockFiles; readonly sql?: string; readonly storage?: "dense" | "sparse" } = {},
): Promise<RowsOn> {
  const path = join(folder, "*.parquet");
  const settings = Object.fromEntries(conf.map((text) => text.split(/=(.*)/s).slice(0, 2)));
  const table = master
    ? await openSparkTable({ path, sql }, { master, python: sparkPython(), conf: settings })
    : await openTable({ path });
  const engine = await createInlineEngine();
  let address = 0;
  const memory = {
    allocateRows(count: number, stride: number) {
      address = engine.memory.allocate(4 * count * stride, 64);
      return engine.memory.f32(address, count * stride);
    },
  };
  const design = await buildDesign(table, parseFormula(formula), {
    family: "bernoulli",
    weights,
    memory,
    blocks,
    storage,
  });
  const flat = createModel(engine.memory, rowBlockOf(design, address), { family: "bernoulli" });
  const model = design.blocks ? overBlocks(flat, design.blocks) : flat;
  const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
  const position = Float64Array.from({ length: model.dimension }, (_, j) => 0.1 * ((j % 5) - 2));
  return {
    design,
    model,
    pass: () => rowsOf(workspace, model).pass(position, { gram: "curvature" }),
    async close() {
      await engine.executor.close();
      await table.close?.();
    },
  };
}

/** Waits until a condition holds. */
export async function until(holds: () => boolean, what: string, seconds = 60): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; !holds(); ) {
    if (Date.now() > end) throw new Error(`It has not come to ${what}.`);
    await pause(100);
  }
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
