import { writeFile } from "node:fs/promises";
import type { Posterior } from "../../src/fit/posterior.ts";
import { drawsOf, learnedAuxiliaries, parameterNames } from "../../src/prediction/predictive-fit.ts";

/** The files of `draws.csv` as CmdStan names them: draws_1.csv, draws_2.csv, …; draws.csv itself for one chain. */
export function cmdstanPaths(path: string, chains: number): string[] {
  if (chains === 1) return [path];
  const stem = path.replace(/\.csv$/i, "");
  return Array.from({ length: chains }, (_, chain) => `${stem}_${chain + 1}${path.slice(stem.length)}`);
}

/** The files that draws are written to: CmdStan's where the path ends in .csv, else one of Parquet. */
export function drawsPaths(path: string, chains: number): string[] {
  return /\.csv$/i.test(path) ? cmdstanPaths(path, chains) : [path];
}

/**
 * Writes a chain's kept draws in the form of CmdStan's output, for its readers in Python, R and Julia. Names there are
 * identifiers, so the linear coefficients are the elements beta.1, beta.2, … of a vector, in the order of the table;
 * comments say which is which. lp__ is nan: these samplers do not know the density at a draw.
 */
export async function writeCmdstan(posterior: Posterior, chain: number, path: string, version: string): Promise<void> {
  const { coefficients, settings, hamiltonian, recipe } = posterior;
  const names = parameterNames(recipe);
  const auxiliaries = learnedAuxiliaries(recipe);
  const numLinear = coefficients.length - auxiliaries.length;
  const ofGroups = names.slice(coefficients.length);
  const columns = [
    ...names.slice(0, numLinear).map((_, j) => `beta.${j + 1}`),
    ...auxiliaries,
    ...ofGroups.map((_, j) => `groups.${j + 1}`),
  ];
  const statistics = hamiltonian?.[chain];
  const own = statistics ? ["accept_stat__", "stepsize__", "treedepth__", "divergent__", "energy__"] : [];
  const head = [
    `# ornstein_version = ${version}`,
    `# model = ${posterior.family}`,
    "# method = sample",
    "#   sample",
    `#     num_samples = ${settings.draws}`,
    // CmdStanPy refuses a run without any.
    `#     num_warmup = ${Math.max(1, settings.burnInSteps)}`,
    "#     save_warmup = false",
    "#     thin = 1",
    "#     algorithm = fixed_param",
    `# id = ${chain + 1}`,
    "# random",
    `#   seed = ${settings.seed}`,
    `# sampler = ${settings.sampler}`,
    ...names.flatMap((name, j) =>
      auxiliaries.includes(name) ? [] : [`# ${columns[j]} = ${name.replaceAll(/\p{Cc}/gu, " ")}`],
    ),
    ["lp__", ...own, ...columns].join(),
  ];
  const values = names.map((name) => drawsOf(posterior, name)[chain]);
  function* rows(): Generator<string> {
    for (let draw = 0; draw < settings.draws; draw++) {
      const row: (number | string)[] = ["nan"];
      if (statistics) {
        const { acceptance, stepSize, treeDepth, diverging, energy } = statistics;
        row.push(acceptance[draw], stepSize, treeDepth[draw], diverging[draw], energy[draw]);
      }
      for (const column of values) row.push(column[draw]);
      yield row.join();
    }
  }
  await writeFile(path, inBlocks(head, rows(), footer(posterior)));
}

/** A write for each line would take longer than the lines themselves. */
const linesAtOnce = 1000;

function* inBlocks(head: readonly string[], lines: Iterable<string>, foot: string): Generator<string> {
  let block = [...head];
  for (const line of lines) {
    if (block.push(line) < linesAtOnce) continue;
    yield `${block.join("\n")}\n`;
    block = [];
  }
  yield `${[...block, foot].join("\n")}\n`;
}

/** The times of all chains together: "warm-up" is the estimation of what the settings follow from. */
function footer({ timing: { estimate, sample } }: Posterior): string {
  return [
    "# ",
    `#  Elapsed Time: ${estimate.toFixed(3)} seconds (Warm-up)`,
    `#                ${sample.toFixed(3)} seconds (Sampling)`,
    `#                ${(estimate + sample).toFixed(3)} seconds (Total)`,
    "# ",
  ].join("\n");
}
