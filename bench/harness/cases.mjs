// What a case is, and the places that all of them know.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const bench = fileURLToPath(new URL("../", import.meta.url));
export const root = fileURLToPath(new URL("../../", import.meta.url));
/** Designs and tables that are made once; not kept in git. */
export const cacheFolder = join(bench, ".cache");

/**
 * One question that ours and the peers answer in turns.
 * @typedef {object} Case
 * @property {string} name for --only, and in the record
 * @property {string} title
 * @property {string} what the data and the model, in a sentence
 * @property {string} measure what the numbers are: "steps a second", or seconds
 * @property {"one" | "all"} cores that each process is pinned to
 * @property {string} [needs] the environment that `prepare` needs
 * @property {(context: Context) => Promise<Prepared>} prepare makes or finds the data
 * @property {(options: { quick: boolean }) => Contestant[]} contestants ours first
 *
 * @typedef {{ shared: string, python: string, say: (line: string) => void }} Context `python` is the interpreter of the environment that the case needs
 * @typedef {Record<string, any>} Prepared
 *
 * @typedef {object} Contestant
 * @property {string} name
 * @property {string} environment "node", "r", or a file of bench/peers/environments
 * @property {(prepared: Prepared, scratch: string) => string[]} args `scratch`: a file that it may write its answer to
 * @property {string} [cwd]
 * @property {number[]} [accepts] exit statuses that come with an answer (default: 0)
 * @property {(output: string, prepared: Prepared, scratch: string) => Answer} read
 *
 * @typedef {object} Answer what a round came to, beside what the harness measures itself
 * @property {string} [version]
 * @property {number} [run] seconds without start-up, reading and compilation; the whole process where it is left out
 * @property {number} [compile] seconds of compilation
 * @property {number} [perSecond]
 * @property {string} [said]
 * @property {{ mean: number, sd: number, reached: boolean, variances?: number }} [errors]
 */

/** Means and sds that bench/peers/references.py computed, on the standardised scale. */
export const referencePath = (name) => join(bench, "peers/references", `${name}.json`);
