import type { File, Group } from "h5wasm";
import type { HamiltonianStatistics } from "../sampling/plan.ts";
import { createGroupOfDraws, type RoomOfFile, readByDraw, writeByDraw } from "./saved-arrays.ts";

/** Statistics of a whole chain: attributes of the group, one number per chain. */
const ofChains = {
  largest_tree_depth: "largestTreeDepth",
  warm_up_gradients: "warmUpGradients",
  gradients: "gradients",
} as const;

/** Statistics of each draw: variables with ArviZ's names. */
const ofDraws = {
  energy: "energy",
  acceptance_rate: "acceptance",
  tree_depth: "treeDepth",
  diverging: "diverging",
} as const;

/** ArviZ's group `sample_stats` for chains of Hamiltonian dynamics. */
export function writeStatistics(file: File, chains: readonly HamiltonianStatistics[]): void {
  const draws = chains[0].energy.length;
  const group = createGroupOfDraws(file, "sample_stats", chains.length, draws);
  for (const [name, key] of Object.entries(ofDraws)) {
    const values = chains.map((chain) => chain[key]);
    const dataset = writeByDraw(group, name, values);
    // As xarray marks booleans, which netCDF does not have.
    if (key === "diverging") dataset.create_attribute("dtype", "bool");
  }
  const stepSizes = chains.map(({ stepSize }) => new Float64Array(draws).fill(stepSize));
  writeByDraw(group, "step_size", stepSizes);
  for (const [name, key] of Object.entries(ofChains)) {
    const values = Float64Array.from(chains, (chain) => chain[key]);
    group.create_attribute(name, values);
  }
}

/** Reads them back; undefined if the file has none. */
export function readStatistics(file: File, room: RoomOfFile): HamiltonianStatistics[] | undefined {
  if (!file.keys().includes("sample_stats")) return undefined;
  const group = file.get("sample_stats") as Group | null;
  const once = (name: keyof typeof ofChains) => numbersOf(group, name);
  const energy = readByDraw<Float64Array>(group, "energy", room);
  const acceptance = readByDraw<Float64Array>(group, "acceptance_rate", room);
  const treeDepth = readByDraw<Uint8Array>(group, "tree_depth", room, "uint8");
  const diverging = readByDraw<Uint8Array>(group, "diverging", room, "uint8");
  const stepSize = readByDraw<Float64Array>(group, "step_size", room);
  if ([acceptance, treeDepth, diverging, stepSize].some(({ length }) => length !== energy.length))
    throw new Error("its statistics are not of as many chains each");
  const [largest, warmUp, gradients] = [once("largest_tree_depth"), once("warm_up_gradients"), once("gradients")];
  return energy.map((_, chain) => ({
    energy: energy[chain],
    acceptance: acceptance[chain],
    treeDepth: treeDepth[chain],
    diverging: diverging[chain],
    largestTreeDepth: largest[chain],
    stepSize: stepSize[chain][0],
    warmUpGradients: warmUp[chain],
    gradients: gradients[chain],
  }));
}

/** An attribute of several numbers. @throws Error where it is none */
function numbersOf(group: Group | null, name: string): Float64Array {
  const value = group && name in group.attrs ? group.attrs[name].value : undefined;
  if (!(value instanceof Float64Array)) throw new Error(`it has no numbers of ${name}`);
  return value;
}
