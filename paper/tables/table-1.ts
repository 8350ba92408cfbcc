import { denseSamplers } from "../../src/sampling/registry.ts";
import {
  type DataSet,
  preprocessings,
  problemOf,
  readDataSet,
  realDataSets,
  syntheticDataSet,
} from "../data/data-sets.ts";
import { methods } from "../methods.ts";
import { inOwnMemory, type PaperPart, type PartContext, scaled } from "../part.ts";
import { type Row, rowOf } from "./table-1-row.ts";
import { markdown, plot } from "./table-1-view.ts";

/**
 * Table 1 of Mandt, Hoffman & Blei (2017): divergence of each sampler's law from the Laplace posterior, predicted and
 * measured from draws, and whether every measured sd is the predicted one to within its Monte Carlo error.
 */
export const table1: PaperPart = {
  name: "table-1",
  summary: "KL of every sampler to the posterior on wine, skin and protein, predicted and measured",
  run,
};

async function run(context: PartContext) {
  const rows: Row[] = [];
  for (const name of realDataSets) {
    const data = await readDataSet(name, table1.name, context);
    for (const preprocessing of preprocessings) rows.push(...(await rowsOf(data, preprocessing, context)));
  }
  const synthetic = syntheticDataSet("gaussian", scaled(10_000, context, 1000), 10, context.seed);
  rows.push(...(await rowsOf({ ...synthetic, batchSize: 10 }, "none", context)));
  return {
    data: { title: "KL to the Laplace posterior, nats", rows },
    plots: { "": plot(rows, context) },
    markdown: markdown(rows),
  };
}

async function rowsOf(data: DataSet, preprocessing: Row["preprocessing"], context: PartContext): Promise<Row[]> {
  return inOwnMemory(context, async () => {
    const local = await problemOf(data, preprocessing, context);
    const rows: Row[] = [];
    for (const method of methods) {
      const sampler = denseSamplers.find(({ name }) => name === method.sampler);
      const tuning = typeof method.tuning === "function" ? method.tuning(data.name) : (method.tuning ?? {});
      if (!sampler || tuning === null || sampler.unsupportedReason?.(local.model)) continue;
      context.enter(`${data.name}, ${preprocessing}, ${method.label}`);
      rows.push(await rowOf({ data, preprocessing, method, sampler, tuning }, local, context));
    }
    return rows;
  });
}
