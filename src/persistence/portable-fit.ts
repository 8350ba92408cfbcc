import * as z from "zod/mini";
import { version } from "../../package.json" with { type: "json" };
import { InputError } from "../errors.ts";
import type { Posterior, PosteriorMethods } from "../fit/posterior.ts";
import { posteriorToJson } from "../fit/summary/to-json.ts";
import { refuse } from "../kinds.ts";
import { type ModelRecipe, parameterNames, requireFit } from "../prediction/predictive-fit.ts";
import type { HamiltonianStatistics } from "../sampling/plan.ts";
import { crc32 } from "./crc-32.ts";
import { type Origin, parseRecipe, requireOrigin, restoredFit, type SavedFit } from "./restored-fit.ts";
import { arraysOfCarried, carriedFrom, carriedHeader, carriedSchema, numbersOfCarried } from "./saved-carried.ts";
import { reasonInSentence } from "./saved-checks.ts";
import { arraysOfEffects, effectsFrom, effectsHeader, effectsSchema, numbersOfEffects } from "./saved-effects.ts";
import { parsed } from "./saved-schemas.ts";

// Bytes, all numbers little-endian, as the memory of every platform that runs WebAssembly is:
//   0  signature, 8 bytes
//   8  version of the format, u32
//  12  length of the header, u32; a multiple of 8
//  16  header: JSON in UTF-8, blanks at its end
//      float64: the draws by coefficient, chain and draw; of each chain of Hamiltonian dynamics energy and acceptance; the
//      target's values; the groups' effects; what an update needs
//      bytes: of each such chain tree depth and divergence
//      CRC-32 of all bytes before it, u32

/** Chosen so that a file that was read as text, or whose newlines were changed, is not recognised. */
const signature = Uint8Array.of(0x89, 0x4f, 0x52, 0x4e, 0x0d, 0x0a, 0x1a, 0x0a);
/** Incremented whenever a reader of the previous version would misread the bytes. */
const formatVersion = 1;
const headerAt = 16;
const checksumBytes = 4;

const count = () => z.int().check(z.gte(0));
const chainSchema = () =>
  z.object({
    largestTreeDepth: z.number(),
    stepSize: z.number(),
    warmUpGradients: z.number(),
    gradients: z.number(),
  });
const headerSchema = () =>
  z.object({
    /** Texts, in the same form as in saved files. */
    result: z.string(),
    recipe: z.string(),
    /** Names of the coefficients, in the order of their draws. */
    names: z.array(z.string()),
    chains: z.int().check(z.gte(1)),
    draws: z.int().check(z.gte(1)),
    /** For chains of Hamiltonian dynamics: their iterations (one or several per draw), and the statistics of each chain. */
    hamiltonian: z.nullable(z.object({ iterations: count(), chains: z.array(chainSchema()) })),
    /** Number of target values that were kept. */
    observed: z.nullable(count()),
    /** Of a model with groups whose effects were kept. */
    effects: z.optional(effectsSchema()),
    /** Where the fit can be updated. */
    carried: z.optional(carriedSchema()),
  });
type Header = z.infer<ReturnType<typeof headerSchema>>;

/**
 * A fit as bytes: for a file, a message or a page. `importFit` restores it in any runtime, with the same bits in every
 * draw, so that predictions are the same. Length: 8 bytes per draw and coefficient, and a few kilobytes.
 *
 * @param origin Recorded in the bytes and available from the imported fit.
 * @throws InputError if the argument is not a complete fit
 * @example
 * import { exportFit, fit, importFit } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const posterior = await fit({ data, formula: "y ~ x" }, { sampler: "laplace" });
 * const bytes = exportFit(posterior);
 * const [there, here] = [importFit(bytes), posterior].map((fit) => fit.predict({ x: [1, 2, 3] }));
 * console.log(bytes instanceof Uint8Array, (await there).columns.mean[2] === (await here).columns.mean[2]); // true true
 */
export function exportFit(
  posterior: Omit<Posterior, keyof PosteriorMethods>,
  origin: Partial<Origin> = {},
): Uint8Array {
  requireFit(posterior);
  requireOrigin(origin);
  const { recipe, draws, hamiltonian, observed, groupEffects, carried } = posterior;
  const names = [...draws.keys()];
  const all = [...draws.values()];
  requireExportable(JSON.stringify(recipe), names, all);
  const by = { version: origin.version ?? version, ...(origin.command !== undefined && { command: origin.command }) };
  const header: Header = {
    result: JSON.stringify(posteriorToJson(posterior, by)),
    recipe: JSON.stringify(recipe),
    names,
    chains: all[0].length,
    draws: all[0][0].length,
    hamiltonian: hamiltonian ? onceOf(hamiltonian) : null,
    observed: observed?.length ?? null,
    ...(groupEffects && { effects: effectsHeader(groupEffects) }),
    ...(carried && { carried: carriedHeader(carried) }),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = 8 * Math.ceil(text.length / 8);
  const bytes = new Uint8Array(lengthOf(header, headerLength));
  const view = new DataView(bytes.buffer);
  bytes.set(signature);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, headerLength, true);
  bytes.fill(0x20, headerAt, headerAt + headerLength);
  bytes.set(text, headerAt);
  let at = headerAt + headerLength;
  const put = (values: Float64Array | Uint8Array) => {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  };
  for (const chains of all) for (const chain of chains) put(chain);
  for (const { energy, acceptance } of hamiltonian ?? []) for (const values of [energy, acceptance]) put(values);
  if (observed) put(observed);
  for (const values of arraysOfEffects(groupEffects ?? [])) put(values);
  for (const values of carried ? arraysOfCarried(carried) : []) put(values);
  for (const { treeDepth, diverging } of hamiltonian ?? []) for (const values of [treeDepth, diverging]) put(values);
  view.setUint32(at, crc32(bytes.subarray(0, at)), true);
  return bytes;
}

/** Whether bytes that begin like this are those of `exportFit`. */
export function beginsAsPortable(start: Uint8Array): boolean {
  return signature.every((byte, i) => byte === start[i]);
}

/**
 * Restores the fit from bytes that `exportFit` made. Nothing in them is trusted: sizes are compared with the length of
 * the bytes before memory is allocated, and the description of the columns must be consistent.
 *
 * @throws InputError if the bytes are damaged, are not a fit, or are of another version of the format
 */
export function importFit(bytes: Uint8Array | ArrayBuffer): SavedFit {
  const own = bytesOf(bytes);
  if (own.length < headerAt + checksumBytes || !beginsAsPortable(own))
    throw new InputError("These bytes are no fit of ornstein's: give what exportFit made.");
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength);
  const format = view.getUint32(8, true);
  if (format !== formatVersion)
    throw new InputError(
      `The fit has format ${format}, and ornstein ${version} reads format ${formatVersion}: use the version of ornstein that made it, or fit again.`,
    );
  try {
    const end = own.length - checksumBytes;
    if (view.getUint32(end, true) !== crc32(own.subarray(0, end))) throw new Error("its checksum differs");
    return readFit(own, view.getUint32(12, true));
  } catch (error) {
    throw new InputError(
      `The fit is damaged and cannot be read (${reasonOf(error)}): export it again, or take another copy.`,
    );
  }
}

function requireExportable(recipe: string, names: readonly string[], all: readonly (readonly Float64Array[])[]): void {
  try {
    requireCoefficients(parseRecipe(recipe), names);
    const [chains, draws] = [all[0].length, all[0][0].length];
    if (all.some((own) => own.length !== chains || own.some(({ length }) => length !== draws)))
      throw new Error("its coefficients have not as many draws each");
  } catch (error) {
    throw new InputError(`The fit cannot be exported (${reasonOf(error)}): give the result of fit as it is.`);
  }
}

/** @throws Error where a coefficient has no draws, or draws twice */
function requireCoefficients(recipe: ModelRecipe, names: readonly string[]): void {
  const given = new Set(names);
  const own = parameterNames(recipe);
  if (given.size < names.length || own.length !== names.length || own.some((name) => !given.has(name)))
    throw new Error("its coefficients are not those of its model");
}

const reasonOf = (error: unknown) => reasonInSentence(error instanceof Error ? error.message : String(error));

function onceOf(statistics: readonly HamiltonianStatistics[]): Header["hamiltonian"] {
  const chains = statistics.map(({ largestTreeDepth, stepSize, warmUpGradients, gradients }) => ({
    largestTreeDepth,
    stepSize,
    warmUpGradients,
    gradients,
  }));
  return { iterations: statistics[0].energy.length, chains };
}

/** The number of bytes that the header announces, with everything around them. */
function lengthOf(
  { names, chains, draws, hamiltonian, observed, effects = [], carried }: Header,
  headerLength: number,
): number {
  const pairs = hamiltonian ? 2 * hamiltonian.chains.length * hamiltonian.iterations : 0;
  const floats =
    names.length * chains * draws +
    pairs +
    (observed ?? 0) +
    numbersOfEffects(effects) +
    (carried ? numbersOfCarried(carried) : 0);
  return headerAt + headerLength + 8 * floats + pairs + checksumBytes;
}

function readFit(bytes: Uint8Array, headerLength: number): SavedFit {
  if (headerLength > bytes.length) throw new Error("it is shorter than its header");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(headerAt, headerAt + headerLength));
  const header = parsed(text, headerSchema(), "header");
  const { names, chains, draws, hamiltonian, observed } = header;
  if (lengthOf(header, headerLength) !== bytes.length) throw new Error("its length is not that of its numbers");
  if (hamiltonian && hamiltonian.chains.length !== chains) throw new Error("it has not as many chains as it says");
  const recipe = parseRecipe(header.recipe);
  requireCoefficients(recipe, names);
  let at = headerAt + headerLength;
  const takeBytes = (length: number) => {
    at += length;
    return bytes.slice(at - length, at);
  };
  const take = (length: number) => new Float64Array(takeBytes(8 * length).buffer);
  const repeat = <T>(times: number, of: () => T) => Array.from({ length: times }, of);
  const drawsByName = new Map(names.map((name) => [name, repeat(chains, () => take(draws))]));
  const each = hamiltonian?.iterations ?? 0;
  const floats = hamiltonian?.chains.map(() => ({ energy: take(each), acceptance: take(each) }));
  const values = observed === null ? undefined : take(observed);
  const groupEffects = header.effects && effectsFrom(header.effects, recipe, take);
  const carried = header.carried && carriedFrom(header.carried, recipe, take);
  return restoredFit(header.result, {
    recipe,
    draws: drawsByName,
    observed: values,
    groupEffects,
    carried,
    hamiltonian: hamiltonian?.chains.map((chain, c): HamiltonianStatistics => {
      return { ...chain, ...floats![c], treeDepth: takeBytes(each), diverging: takeBytes(each) };
    }),
  });
}

/** The bytes as a plain Uint8Array: a Buffer of Node slices without copying. They may come from another frame or realm. */
function bytesOf(given: Uint8Array | ArrayBuffer): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (Object.prototype.toString.call(given) === "[object ArrayBuffer]") return new Uint8Array(given);
  refuse(given, "The fit to import", "the bytes that exportFit made, a Uint8Array");
}
