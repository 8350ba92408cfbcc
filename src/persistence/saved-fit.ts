import type { Dataset, File, Group } from "h5wasm";
import { version } from "../../package.json" with { type: "json" };
import { InputError } from "../errors.ts";
import type { Posterior } from "../fit/posterior.ts";
import { posteriorToJson } from "../fit/summary/to-json.ts";
import type { Carried } from "../fit/update/update-types.ts";
import type { GroupEffects } from "../prediction/group-effects.ts";
import {
  coefficientNames,
  drawsOf,
  learnedAuxiliaries,
  type ModelRecipe,
  parameterNames,
} from "../prediction/predictive-fit.ts";
import { type Origin, parseRecipe, restoredFit, type SavedFit } from "./restored-fit.ts";
import {
  createGroupOfDraws,
  fletcher32,
  RoomOfFile,
  readByDraw,
  readVectorByDraw,
  writeByDraw,
  writeVectorByDraw,
} from "./saved-arrays.ts";
import { arraysOfCarried, carriedFrom, carriedHeader, carriedSchema, numbersOfCarried } from "./saved-carried.ts";
import { arraysOfEffects, effectsFrom, effectsHeader, effectsSchema, numbersOfEffects } from "./saved-effects.ts";
import { type SavedVariable, savedVariables } from "./saved-names.ts";
import { readObserved, writeLogLikelihood, writeObserved } from "./saved-observed.ts";
import { parsed } from "./saved-schemas.ts";
import { readStatistics, writeStatistics } from "./saved-statistics.ts";

/** Incremented whenever a reader of the previous version would misread a file. */
const formatVersion = 2;

/**
 * Writes a fit as netCDF-4 with ArviZ's groups: `posterior`, for NUTS `sample_stats`, and `observed_data` if the fit has
 * the target's values. Everything else is in attributes of the root as JSON.
 */
export function writeFit(file: File, posterior: Posterior, origin: Partial<Origin> = {}): void {
  const { chains, draws } = posterior.settings;
  const by = { version: origin.version ?? version, command: origin.command };
  const group = createGroupOfDraws(file, "posterior", chains, draws);
  for (const place of [file, group]) {
    place.create_attribute("creation_library", "ornstein");
    place.create_attribute("creation_library_version", version);
    place.create_attribute("created_at", new Date().toISOString());
    place.create_attribute("inference_library", "ornstein");
    place.create_attribute("inference_library_version", by.version);
  }
  file.create_attribute("ornstein_format", formatVersion, [], "<i");
  const texts = [JSON.stringify(posteriorToJson(posterior, by)), JSON.stringify(posterior.recipe)];
  file.create_attribute("ornstein_result", texts[0]);
  file.create_attribute("ornstein_recipe", texts[1]);
  file.create_attribute("ornstein_checksum", checksum(texts));
  for (const { variable, coefficients, isVector } of variablesOf(posterior.recipe)) {
    if (isVector) writeVectorByDraw(group, variable, coefficients, (name) => drawsOf(posterior, name));
    else {
      const dataset = writeByDraw(group, variable, drawsOf(posterior, coefficients[0]));
      dataset.create_attribute("long_name", coefficients[0]);
    }
  }
  if (posterior.hamiltonian) writeStatistics(file, posterior.hamiltonian);
  if (posterior.observed) writeObserved(file, posterior.recipe.target, posterior.observed);
  if (posterior.logLikelihood) writeLogLikelihood(file, posterior.recipe.target, posterior.logLikelihood);
  if (posterior.groupEffects) {
    const dataset = writeNumbers(file, effectsName, arraysOfEffects(posterior.groupEffects));
    dataset.create_attribute(headerName, JSON.stringify(effectsHeader(posterior.groupEffects)));
  }
  if (posterior.carried) {
    const own = file.create_group(carriedName, true);
    own.create_attribute(headerName, JSON.stringify(carriedHeader(posterior.carried)));
    writeNumbers(own, numbersName, arraysOfCarried(posterior.carried));
  }
}

/**
 * @param name what messages call the file
 * @param bytes Its size
 * @throws InputError where the file is not a fit of this format
 */
export function readFit(file: File, name: string, bytes: number): SavedFit {
  const format = attribute(file, "ornstein_format");
  if (attribute(file, "inference_library") !== "ornstein" || typeof format !== "number")
    throw new InputError(`${name} is no fit of ornstein's: give a file that ornstein fit --save wrote.`);
  if (format !== formatVersion) {
    const writer = attribute(file, "creation_library_version");
    throw new InputError(
      `${name} has format ${format} of ornstein ${writer}, and ornstein ${version} reads format ${formatVersion}: use that version of ornstein, or fit again.`,
    );
  }
  const texts = [attribute(file, "ornstein_result"), attribute(file, "ornstein_recipe")] as string[];
  if (texts.some((text) => typeof text !== "string")) throw new Error("it has no result or no recipe");
  if (attribute(file, "ornstein_checksum") !== checksum(texts)) throw new Error("its checksum differs");
  const recipe = parseRecipe(texts[1]);
  const room = new RoomOfFile(bytes);
  return restoredFit(texts[0], {
    recipe,
    draws: readDraws(file.get("posterior") as Group | null, variablesOf(recipe), room),
    hamiltonian: readStatistics(file, room),
    observed: readObserved(file, recipe.target, room),
    groupEffects: readEffects(file, recipe, room),
    carried: readCarried(file, recipe, room),
  });
}

const effectsName = "ornstein_effects";
const carriedName = "ornstein_update";
const numbersName = "numbers";
const headerName = "ornstein_header";
/** Numbers of a chunk, which share a checksum. */
const chunkLength = 1 << 17;

/** Numbers of several arrays one after the other. */
function writeNumbers(place: Group, name: string, arrays: readonly Float64Array[]): Dataset {
  const data = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const values of arrays) {
    data.set(values, at);
    at += values.length;
  }
  const chunks = [Math.min(chunkLength, data.length)];
  const dataset = place.create_dataset({ name, data, shape: [data.length], chunks, ...fletcher32 });
  // A dimension of its own, so that netCDF's readers need no name for another.
  dataset.make_scale(name);
  return dataset;
}

/** What gives the next so many of the numbers. */
function takerOf(data: Float64Array): (length: number) => Float64Array {
  let at = 0;
  return (length) => {
    at += length;
    return data.slice(at - length, at);
  };
}

function readEffects(file: File, recipe: ModelRecipe, room: RoomOfFile): GroupEffects[] | undefined {
  if (!file.keys().includes(effectsName)) return undefined;
  const dataset = room.variable(file, effectsName, 1, "float64");
  const header = parsed(String(dataset.attrs[headerName]?.value), effectsSchema(), "header of effects");
  const data = dataset.value as Float64Array;
  if (numbersOfEffects(header) !== data.length) throw new Error("its effects are not as many as it says");
  return effectsFrom(header, recipe, takerOf(data));
}

function readCarried(file: File, recipe: ModelRecipe, room: RoomOfFile): Carried | undefined {
  if (!file.keys().includes(carriedName)) return undefined;
  const group = file.get(carriedName) as Group;
  const header = parsed(String(group.attrs[headerName]?.value), carriedSchema(), "header of what updates need");
  const data = room.variable(group, numbersName, 1, "float64").value as Float64Array;
  if (numbersOfCarried(header) !== data.length) throw new Error("what it keeps for updates is not as much as it says");
  return carriedFrom(header, recipe, takerOf(data));
}

/** FNV-1a of the texts' UTF-16 code units, 32 bits in hexadecimal, so that a changed number is detected. */
function checksum(texts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const text of texts)
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

function variablesOf(recipe: ModelRecipe): SavedVariable[] {
  const auxiliaries = learnedAuxiliaries(recipe);
  const names = coefficientNames(recipe);
  const ofGroups = parameterNames(recipe).slice(names.length);
  return savedVariables(names.slice(0, names.length - auxiliaries.length), [...auxiliaries, ...ofGroups]);
}

function readDraws(group: Group | null, variables: readonly SavedVariable[], room: RoomOfFile): Posterior["draws"] {
  const draws = new Map<string, readonly Float64Array[]>();
  for (const { variable, coefficients, isVector } of variables) {
    const columns = isVector
      ? readVectorByDraw(group, variable, room)
      : [readByDraw<Float64Array>(group, variable, room)];
    if (columns.length !== coefficients.length) throw new Error(`its variable ${variable} has not its coefficients`);
    coefficients.forEach((name, j) => {
      draws.set(name, columns[j]);
    });
  }
  return draws;
}

function attribute(file: File, name: string): unknown {
  const { attrs } = file;
  return name in attrs ? attrs[name].value : undefined;
}
