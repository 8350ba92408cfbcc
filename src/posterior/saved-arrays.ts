import type { Dataset, File, Group } from "h5wasm";

/** Arrays over the draws in a netCDF-4 file: dimensions chain and draw, each part with a checksum that readers verify. */

type Values = Float64Array | Uint8Array;

/** HDF5's filter for checksums. */
export const fletcher32 = { compression: 3, compression_opts: [] };

/** Numbers that are written or read at a time. */
const blockSize = 1 << 23;

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

/** The same back, one array a chain. */
export function readByDraw<T extends Values>(group: Group, name: string): T[] {
  const dataset = group.get(name) as Dataset;
  const [chains, draws] = dataset.shape!;
  const data = dataset.value as T;
  return Array.from({ length: chains }, (_, chain) => data.slice(chain * draws, (chain + 1) * draws) as T);
}

/**
 * A variable of dimensions (chain, draw, coefficient), block by block, as the draws may fill most of the memory.
 * @param columns for each coefficient one array a chain
 */
export function writeVectorByDraw(
  group: Group,
  name: string,
  labels: readonly string[],
  columns: readonly (readonly Float64Array[])[],
): void {
  const scale = group.create_dataset({ name: "coefficient", data: [...labels], shape: [labels.length] });
  scale.make_scale("coefficient");
  const shape = [columns[0].length, columns[0][0].length, columns.length];
  let dataset: Dataset | undefined;
  for (const { chain, first, last } of blocksOf(shape)) {
    const block = new Float64Array((last - first) * columns.length);
    columns.forEach((column, j) => {
      for (let draw = first; draw < last; draw++) block[(draw - first) * columns.length + j] = column[chain][draw];
    });
    if (dataset === undefined) {
      const chunks = [1, last - first, columns.length];
      dataset = group.create_dataset({ name, data: block, shape: chunks, maxshape: shape, chunks, ...fletcher32 });
      dataset.resize(shape);
    } else dataset.write_slice([[chain, chain + 1], [first, last], []], block);
  }
  attachScales(dataset!, group, ["chain", "draw", "coefficient"]);
}

/** The same back: for each coefficient one array a chain. */
export function readVectorByDraw(group: Group, name: string): Float64Array[][] {
  const dataset = group.get(name) as Dataset;
  const shape = dataset.shape!;
  const [chains, draws, size] = shape;
  const columns = Array.from({ length: size }, () => Array.from({ length: chains }, () => new Float64Array(draws)));
  for (const { chain, first, last } of blocksOf(shape)) {
    const block = dataset.slice([[chain, chain + 1], [first, last], []]) as Float64Array;
    columns.forEach((column, j) => {
      for (let draw = first; draw < last; draw++) column[chain][draw] = block[(draw - first) * size + j];
    });
  }
  return columns;
}

function* blocksOf([chains, draws, size]: readonly number[]) {
  const parts = Math.ceil(draws / Math.max(1, Math.floor(blockSize / size)));
  const step = Math.ceil(draws / parts);
  for (let chain = 0; chain < chains; chain++)
    for (let first = 0; first < draws; first += step) yield { chain, first, last: Math.min(draws, first + step) };
}

export function attachScales(dataset: Dataset, group: Group, dimensions: readonly string[]): void {
  dimensions.forEach((name, axis) => {
    dataset.attach_scale(axis, `${group.path}/${name}`);
  });
}
