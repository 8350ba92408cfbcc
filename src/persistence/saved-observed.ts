import type { Dataset, File, Group } from "h5wasm";
import type { DesignTarget } from "../design/design-types.ts";
import type { LogLikelihood } from "../loo/log-likelihood.ts";
import { attachScales, createDimension, createGroupOfDraws, fletcher32, type RoomOfFile } from "./saved-arrays.ts";
import { variableNames } from "./saved-names.ts";

/** Number of rows that share a checksum. */
const rowsOfChunk = 1 << 17;

/** ArviZ's group `observed_data`: the target by row; levels by their numbers, with an attribute that lists them. */
export function writeObserved(file: File, target: DesignTarget, values: Float64Array): void {
  const group = file.create_group("observed_data", true);
  createDimension(group, "row", values.length);
  const chunks = [Math.min(rowsOfChunk, values.length)];
  const shape = [values.length];
  const dataset = group.create_dataset({ name: variableOf(target), data: values, shape, chunks, ...fletcher32 });
  attachScales(dataset, group, ["row"]);
  dataset.create_attribute("long_name", target.name);
  if (target.levels) dataset.create_attribute("levels", [...target.levels]);
}

/** ArviZ's group `log_likelihood`: of each row at each draw, some rows at a time. */
export function writeLogLikelihood(file: File, target: DesignTarget, { chains, draws, values }: LogLikelihood): void {
  const numRows = values.length / (chains * draws);
  const group = createGroupOfDraws(file, "log_likelihood", chains, draws);
  createDimension(group, "row", numRows);
  const width = Math.min(numRows, Math.max(1, Math.floor(numbersAtOnce / (chains * draws))));
  const shape = [chains, draws, numRows];
  const chunks = [1, draws, width];
  let dataset: Dataset | undefined;
  for (let first = 0; first < numRows; first += width) {
    const last = Math.min(numRows, first + width);
    const block = new Float64Array(chains * draws * (last - first));
    for (let s = 0; s < chains * draws; s++)
      block.set(values.subarray(s * numRows + first, s * numRows + last), s * (last - first));
    if (dataset) dataset.write_slice([[], [], [first, last]], block);
    else {
      const name = variableOf(target);
      const part = [chains, draws, last];
      dataset = group.create_dataset({ name, data: block, shape: part, maxshape: shape, chunks, ...fletcher32 });
      dataset.resize(shape);
    }
  }
  attachScales(dataset!, group, ["chain", "draw", "row"]);
}

/** Numbers that are written at a time. */
const numbersAtOnce = 1 << 22;

/** Reads the values back; undefined if the file has none. */
export function readObserved(file: File, target: DesignTarget, room: RoomOfFile): Float64Array | undefined {
  if (!file.keys().includes("observed_data")) return undefined;
  const group = file.get("observed_data") as Group | null;
  return room.variable(group, variableOf(target), 1, "float64").value as Float64Array;
}

function variableOf({ name }: DesignTarget): string {
  return variableNames([name], ["row"])[0];
}
