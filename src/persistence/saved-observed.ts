import type { File, Group } from "h5wasm";
import type { DesignTarget } from "../design/design-types.ts";
import { attachScales, createDimension, fletcher32, type RoomOfFile } from "./saved-arrays.ts";
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

/** Reads the values back; undefined if the file has none. */
export function readObserved(file: File, target: DesignTarget, room: RoomOfFile): Float64Array | undefined {
  if (!file.keys().includes("observed_data")) return undefined;
  const group = file.get("observed_data") as Group | null;
  return room.variable(group, variableOf(target), 1, "float64").value as Float64Array;
}

function variableOf({ name }: DesignTarget): string {
  return variableNames([name], ["row"])[0];
}
