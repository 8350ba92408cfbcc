import type { Dataset, File, Group } from "h5wasm";
import { version } from "../../package.json" with { type: "json" };
import { InputError } from "../data/errors.ts";
import type { HamiltonianStatistics } from "../samplers/sampler.ts";
import { auxiliaryNames } from "./coefficients.ts";
import { toContractJson } from "./contract-json.ts";
import type { Posterior } from "./fit.ts";
import { savedVariables } from "./saved-names.ts";

/** Counted up whenever a reader of the version before would misread a file. */
export const formatVersion = 1;

/** What wrote a result. */
export interface Origin {
  /** Of ornstein. */
  readonly version: string;
  /** The command, where it was one. */
  readonly command?: string;
}

/** A fit as it is read from a file. */
export interface SavedFit extends Posterior {
  readonly origin: Origin;
}

/**
 * Writes a fit as netCDF-4 with ArviZ's groups: `posterior`, for NUTS `sample_stats`; everything but the draws is in
 * attributes of the root as JSON.
 */
export function writeFit(file: File, posterior: Posterior, origin: Partial<Origin> = {}): void {
  const { chains, draws } = posterior.settings;
  const written = { version: origin.version ?? version, command: origin.command };
  file.create_attribute("creation_library", "ornstein");
  file.create_attribute("creation_library_version", version);
  file.create_attribute("inference_library", "ornstein");
  file.create_attribute("inference_library_version", written.version);
  file.create_attribute("created_at", new Date().toISOString());
  file.create_attribute("ornstein_format", formatVersion, [], "<i");
  file.create_attribute("ornstein_result", JSON.stringify(toContractJson(posterior, written)));
  const group = groupOfDraws(file, "posterior", chains, draws);
  for (const { variable, coefficients, isVector } of savedVariables(...splitNames(posterior))) {
    if (isVector) writeVector(group, variable, coefficients, posterior);
    else {
      const dataset = writeByDraw(group, variable, joined(posterior.draws.get(coefficients[0])!), chains, draws);
      dataset.create_attribute("long_name", coefficients[0]);
    }
  }
  if (posterior.hamiltonian) writeStatistics(file, posterior.hamiltonian, chains, draws);
}

/** @throws InputError where the file is not a fit of this format; `name` is how the sentence calls it */
export function readFit(file: File, name: string): SavedFit {
  const format = attribute(file, "ornstein_format");
  if (attribute(file, "inference_library") !== "ornstein" || typeof format !== "number") {
    throw new InputError(`${name} is no fit of ornstein's: give a file that ornstein fit --save wrote.`);
  }
  if (format !== formatVersion) {
    throw new InputError(
      `${name} has format ${format}, written by ornstein ${attribute(file, "creation_library_version")}, and ornstein ${version} reads format ${formatVersion}: use ${format > formatVersion ? "a newer version" : "that version"}, or fit again.`,
    );
  }
  const { version: by, command, ...result } = JSON.parse(attribute(file, "ornstein_result") as string);
  const plain: Omit<Posterior, "draws" | "hamiltonian"> = result;
  const hamiltonian = readStatistics(file);
  return {
    ...plain,
    draws: readDraws(file, plain),
    ...(hamiltonian && { hamiltonian }),
    origin: { version: by, command },
  };
}

/** Names of the linear coefficients, and of the auxiliary parameters after them. */
function splitNames(posterior: Pick<Posterior, "coefficients" | "data">): [string[], string[]] {
  const names = posterior.coefficients.map(({ name }) => name);
  const auxiliaries = auxiliaryNames(posterior);
  return [names.slice(0, names.length - auxiliaries.length), auxiliaries];
}

/** A group whose dimensions chain and draw have coordinates. */
function groupOfDraws(file: File, name: string, chains: number, draws: number): Group {
  // In the order they were made, as ArviZ then lists the variables.
  const group = file.create_group(name, true);
  for (const [dimension, size] of [
    ["chain", chains],
    ["draw", draws],
  ] as const) {
    const data = Int32Array.from({ length: size }, (_, i) => i);
    group.create_dataset({ name: dimension, data, shape: [size] }).make_scale(dimension);
  }
  return group;
}

function writeByDraw(
  group: Group,
  name: string,
  data: Float64Array | Uint8Array,
  chains: number,
  draws: number,
): Dataset {
  const dataset = group.create_dataset({ name, data, shape: [chains, draws] });
  dataset.attach_scale(0, `${group.path}/chain`);
  dataset.attach_scale(1, `${group.path}/draw`);
  return dataset;
}

function joined<T extends Float64Array | Uint8Array>(chains: readonly T[]): T {
  const { length } = chains[0];
  const all = new (chains[0].constructor as new (length: number) => T)(length * chains.length);
  chains.forEach((values, chain) => {
    all.set(values, chain * length);
  });
  return all;
}

/** Numbers that are written or read at a time. */
const blockSize = 1 << 23;

/** One variable of dimensions (chain, draw, coefficient), block by block, as the draws may fill most of the memory. */
function writeVector(group: Group, variable: string, names: readonly string[], { draws, settings }: Posterior): void {
  const scale = group.create_dataset({ name: "coefficient", data: [...names], shape: [names.length] });
  scale.make_scale("coefficient");
  const shape = [settings.chains, settings.draws, names.length];
  let dataset: Dataset | undefined;
  for (const { chain, first, last } of blocksOf(shape)) {
    const block = new Float64Array((last - first) * names.length);
    names.forEach((name, j) => {
      const values = draws.get(name)![chain];
      for (let draw = first; draw < last; draw++) block[(draw - first) * names.length + j] = values[draw];
    });
    if (dataset === undefined) {
      const chunks = [1, last - first, names.length];
      dataset = group.create_dataset({ name: variable, data: block, shape: chunks, maxshape: shape, chunks });
      dataset.resize(shape);
    } else dataset.write_slice([[chain, chain + 1], [first, last], []], block);
  }
  ["chain", "draw", "coefficient"].forEach((name, axis) => {
    dataset!.attach_scale(axis, `${group.path}/${name}`);
  });
}

function* blocksOf([chains, draws, size]: number[]): Generator<{ chain: number; first: number; last: number }> {
  const step = Math.max(1, Math.min(draws, Math.floor(blockSize / size)));
  for (let chain = 0; chain < chains; chain++)
    for (let first = 0; first < draws; first += step) yield { chain, first, last: Math.min(draws, first + step) };
}

function readDraws(file: File, posterior: Omit<Posterior, "draws">): Posterior["draws"] {
  const { chains, draws: numDraws } = posterior.settings;
  const draws = new Map<string, Float64Array[]>();
  for (const { variable, coefficients, isVector } of savedVariables(...splitNames(posterior))) {
    const dataset = file.get(`posterior/${variable}`) as Dataset;
    const columns = coefficients.map(() => Array.from({ length: chains }, () => new Float64Array(numDraws)));
    for (const { chain, first, last } of blocksOf([chains, numDraws, coefficients.length])) {
      const ranges = [[chain, chain + 1], [first, last], ...(isVector ? [[] as []] : [])] as [number, number][];
      const block = dataset.slice(ranges) as Float64Array;
      columns.forEach((column, j) => {
        for (let draw = first; draw < last; draw++)
          column[chain][draw] = block[(draw - first) * coefficients.length + j];
      });
    }
    coefficients.forEach((name, j) => {
      draws.set(name, columns[j]);
    });
  }
  return draws;
}

/** What a chain says once, as attributes of `sample_stats`: one number for each chain. */
const ofChains = ["largestTreeDepth", "stepSize", "warmUpGradients", "gradients"] as const;
/** What it says at each draw, by ArviZ's names. */
const ofDraws = { energy: "energy", acceptance_rate: "acceptance", tree_depth: "treeDepth" } as const;

/** ArviZ's `sample_stats` of NUTS. */
function writeStatistics(
  file: File,
  statistics: readonly HamiltonianStatistics[],
  chains: number,
  draws: number,
): void {
  const group = groupOfDraws(file, "sample_stats", chains, draws);
  for (const [name, key] of Object.entries(ofDraws))
    writeByDraw(group, name, joined(statistics.map((chain) => chain[key])), chains, draws);
  const diverging = writeByDraw(group, "diverging", joined(statistics.map((chain) => chain.diverging)), chains, draws);
  diverging.create_attribute("dtype", "bool");
  const stepSizes = statistics.map(({ stepSize }) => new Float64Array(draws).fill(stepSize));
  writeByDraw(group, "step_size", joined(stepSizes), chains, draws);
  for (const name of ofChains) {
    const values = Float64Array.from(statistics, (chain) => chain[name]);
    group.create_attribute(attributeName(name), values);
  }
}

function readStatistics(file: File): HamiltonianStatistics[] | undefined {
  const group = file.get("sample_stats") as Group | null;
  if (group === null) return undefined;
  const read = <T>(name: string) => (group.get(name) as Dataset).value as T;
  const [chains, draws] = (group.get("energy") as Dataset).shape!;
  const byChain = Object.fromEntries(
    ofChains.map((name) => [name, group.attrs[attributeName(name)].value as Float64Array]),
  ) as Record<(typeof ofChains)[number], Float64Array>;
  const energy = read<Float64Array>("energy");
  const acceptance = read<Float64Array>("acceptance_rate");
  const treeDepth = read<Uint8Array>("tree_depth");
  const diverging = read<Uint8Array>("diverging");
  return Array.from({ length: chains }, (_, chain) => {
    const part = [chain * draws, (chain + 1) * draws] as const;
    return {
      energy: energy.slice(...part),
      acceptance: acceptance.slice(...part),
      treeDepth: treeDepth.slice(...part),
      diverging: diverging.slice(...part),
      largestTreeDepth: byChain.largestTreeDepth[chain],
      stepSize: byChain.stepSize[chain],
      warmUpGradients: byChain.warmUpGradients[chain],
      gradients: byChain.gradients[chain],
    };
  });
}

const attributeName = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function attribute(file: File, name: string): unknown {
  return name in file.attrs ? file.attrs[name].value : undefined;
}
