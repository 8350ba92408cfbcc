import type { Dataset, File, Group } from "h5wasm";

/** Arrays over the draws in a netCDF-4 file: dimensions chain and draw, each part with a checksum that readers verify. */

type Values = Float64Array | Uint8Array;

/** HDF5's filter for checksums. */
export const fletcher32 = { compression: 3, compression_opts: [] };

/** Numbers that are written or read at a time. */
const blockSize = 1 << 22;

/** A group with coordinates for the dimensions chain and draw. */
export function createGroupOfDraws(file: File, name: string, chains: number, draws: number): Group {
  // In the order they were made, as ArviZ then lists the variables.
  const group = file.create_group(name, true);
  createDimension(group, "chain", chains);
  createDimension(group, "draw", draws);
  return group;
}

/** A dimension with the coordinates 0, 1, …. */
export function createDimension(group: Group, name: string, size: number): void {
  const data = Int32Array.from({ length: size }, (_, i) => i);
  group.create_dataset({ name, data, shape: [size] }).make_scale(name);
}

/** A variable of dimensions (chain, draw). @param values one array a chain */
export function writeByDraw(group: Group, name: string, values: readonly Values[]): Dataset {
  const [{ length }] = values;
  const data = new (values[0].constructor as new (length: number) => Values)(length * values.length);
  values.forEach((chain, c) => {
    data.set(chain, c * length);
  });
  const shape = [values.length, length];
  const dataset = group.create_dataset({ name, data, shape, chunks: [1, length], ...fletcher32 });
  attachScales(dataset, group, ["chain", "draw"]);
  return dataset;
}

/**
 * How much may still be read from a file: as many bytes as it has. (A few bytes can announce any number of compressed
 * or absent values.)
 */
export class RoomOfFile {
  constructor(private left: number) {}

  /**
   * A variable, after checking that it has this number of dimensions and this type, and is no larger than the file.
   * @throws Error if it is anything else
   */
  variable(group: Group | null, name: string, rank: number, type: "float64" | "uint8"): Dataset {
    const dataset = group?.get?.(name) as Dataset | null | undefined;
    if (dataset?.type !== "Dataset") throw new Error(`it has no variable ${name}`);
    const { metadata, shape } = dataset;
    // HDF5's classes: 0 for whole numbers, 1 for floating-point numbers.
    const isOfType =
      type === "float64" ? metadata.type === 1 && metadata.size === 8 : metadata.type === 0 && metadata.size === 1;
    if (!isOfType || !metadata.littleEndian || metadata.virtual_sources !== undefined)
      throw new Error(`its variable ${name} holds other values than a fit's`);
    if (shape?.length !== rank || shape.some((size) => !(size >= 1)))
      throw new Error(`its variable ${name} has not the dimensions of a fit's`);
    this.left -= shape.reduce((product, size) => product * size, metadata.size);
    if (this.left < 0) throw new Error(`its variable ${name} has more values than the file has room for`);
    return dataset;
  }
}

/** Reads it back, one array per chain. */
export function readByDraw<T extends Values>(
  group: Group | null,
  name: string,
  room: RoomOfFile,
  type: "float64" | "uint8" = "float64",
): T[] {
  const dataset = room.variable(group, name, 2, type);
  const [chains, draws] = dataset.shape!;
  const data = dataset.value as T;
  return Array.from({ length: chains }, (_, chain) => data.slice(chain * draws, (chain + 1) * draws) as T);
}

/**
 * Writes a variable of dimensions (chain, draw, coefficient), some coefficients at a time, because the draws may fill
 * most of the memory.
 * @param drawsOf one array a chain for a label
 */
export function writeVectorByDraw(
  group: Group,
  name: string,
  labels: readonly string[],
  drawsOf: (label: string) => readonly Float64Array[],
  numbersAtOnce = blockSize,
): void {
  const scale = group.create_dataset({ name: "coefficient", data: [...labels], shape: [labels.length] });
  scale.make_scale("coefficient");
  const [chains, draws] = [drawsOf(labels[0]).length, drawsOf(labels[0])[0].length];
  const shape = [chains, draws, labels.length];
  let dataset: Dataset | undefined;
  for (const { first, last } of blocksOf(shape, numbersAtOnce)) {
    const width = last - first;
    const block = new Float64Array(chains * draws * width);
    for (let j = 0; j < width; j++) {
      drawsOf(labels[first + j]).forEach((values, chain) => {
        for (let draw = 0; draw < draws; draw++) block[(chain * draws + draw) * width + j] = values[draw];
      });
    }
    if (dataset === undefined) {
      const chunks = [chains, draws, width];
      dataset = group.create_dataset({ name, data: block, shape: chunks, maxshape: shape, chunks, ...fletcher32 });
      dataset.resize(shape);
    } else dataset.write_slice([[], [], [first, last]], block);
  }
  attachScales(dataset!, group, ["chain", "draw", "coefficient"]);
}

/** Reads it back: for each coefficient one array per chain. */
export function readVectorByDraw(
  group: Group | null,
  name: string,
  room: RoomOfFile,
  numbersAtOnce = blockSize,
): Float64Array[][] {
  const dataset = room.variable(group, name, 3, "float64");
  const shape = dataset.shape!;
  const [chains, draws] = shape;
  const columns: Float64Array[][] = [];
  for (const { first, last } of blocksOf(shape, numbersAtOnce)) {
    const width = last - first;
    const block = dataset.slice([[], [], [first, last]]) as Float64Array;
    for (let j = 0; j < width; j++) {
      const column = (chain: number) =>
        Float64Array.from({ length: draws }, (_, draw) => block[(chain * draws + draw) * width + j]);
      columns.push(Array.from({ length: chains }, (_, chain) => column(chain)));
    }
  }
  return columns;
}

/** Ranges of coefficients, all of the same width except the last. */
function* blocksOf([chains, draws, size]: readonly number[], numbersAtOnce: number) {
  const parts = Math.ceil(size / Math.max(1, Math.floor(numbersAtOnce / (chains * draws))));
  const step = Math.ceil(size / parts);
  for (let first = 0; first < size; first += step) yield { first, last: Math.min(size, first + step) };
}

export function attachScales(dataset: Dataset, group: Group, dimensions: readonly string[]): void {
  dimensions.forEach((name, axis) => {
    dataset.attach_scale(axis, `${group.path}/${name}`);
  });
}
