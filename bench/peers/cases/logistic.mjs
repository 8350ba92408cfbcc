// Time to the posterior of a logistic regression: `ornstein fit` from the file to the result, peers from the design in memory.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bench, cacheFolder, referencePath } from "../../harness/cases.mjs";
import { errorsAgainst } from "../../harness/errors.mjs";
import { lastLine, runProcess } from "../../harness/processes.mjs";

const peers = {
  "NumPyro NUTS": { environment: "jax", script: "glm_numpyro.py", method: "nuts" },
  "NumPyro NUTS, float64": { environment: "jax", script: "glm_numpyro.py", method: "nuts-float64" },
  "NumPyro SVI": { environment: "jax", script: "glm_numpyro.py", method: "svi" },
  "BlackJAX NUTS": { environment: "jax", script: "glm_blackjax.py", method: "nuts" },
  "PyMC with nutpie": { environment: "pymc", script: "glm_pymc.py", method: "nuts" },
};
export const allPeers = Object.keys(peers);

/** Writes the design that peers read, once. */
async function prepareDesign(name, { shared, python }) {
  const folder = join(cacheFolder, "designs", name);
  if (!existsSync(join(folder, "design.json"))) {
    mkdirSync(folder, { recursive: true });
    const args = [join(bench, "peers/glm/designs.py"), name, shared, folder];
    const made = await runProcess({ command: python, args, limit: 3600 });
    if (made.status !== "done") throw new Error(`The design could not be made: ${made.reason}`);
  }
  return folder;
}

/** Computes the reference where it is not there yet: minutes for millions of rows. */
async function prepareReference(name, { folder, python, say }) {
  const path = referencePath(name);
  if (existsSync(path)) return;
  say(`  computing the reference ${path}`);
  const made = await runProcess({
    command: python,
    args: [join(bench, "peers/references.py"), folder, path],
    limit: 3600,
  });
  if (made.status !== "done") throw new Error(`The reference could not be computed: ${made.reason}`);
  say(`  ${lastLine(made.output)}`);
}

/** Means and sds of the command's JSON on the standardised scale, in the order of the design's columns. */
export function inOrderOf(columns, coefficients) {
  const byName = new Map(coefficients.map(({ name, standardized }) => [name, standardized]));
  const found = columns.map((column) => {
    const entry = byName.get(column);
    if (!entry) throw new Error(`ornstein has no coefficient ${column}; it has ${[...byName.keys()].slice(0, 5)}, …`);
    return entry;
  });
  return { mean: found.map(({ mean }) => mean), sd: found.map(({ sd }) => sd) };
}

/**
 * @param {{ name: string, title: string, what: string, source?: (shared: string) => string, options: string[], peers?: string[] }} design
 * `source`: the file that `ornstein` reads (default: what designs.py wrote beside the design); `options`: of its command
 * @returns {import("../../harness/cases.mjs").Case}
 */
export function logisticCase({ name, title, what, source, options, peers: names = allPeers }) {
  return {
    name,
    title,
    what,
    measure: "seconds to the posterior",
    cores: "all",
    needs: "jax",
    prepare: async ({ shared, python, say }) => {
      const folder = await prepareDesign(name, { shared, python });
      await prepareReference(name, { folder, python, say });
      const { columns } = JSON.parse(readFileSync(join(folder, "design.json"), "utf8"));
      return {
        folder,
        columns,
        reference: JSON.parse(readFileSync(referencePath(name), "utf8")),
        file: source?.(shared) ?? join(folder, "rows.parquet"),
      };
    },
    contestants: ({ quick }) => [
      {
        name: "ornstein auto",
        environment: "node",
        args: ({ file }, scratch) => ["bin/ornstein.mjs", "fit", file, ...options, "--quiet", "--json", scratch],
        // A check of the certificate that failed ends with status 1; the result is there, and is judged like the others.
        accepts: [0, 1],
        read: (_, { columns, reference }, scratch) => {
          const { coefficients, settings, certificate, version } = JSON.parse(readFileSync(scratch, "utf8"));
          const said = `${settings.sampler}; certificate ${certificate.verdict}`;
          return { version, compile: 0, said, errors: errorsAgainst(inOrderOf(columns, coefficients), reference) };
        },
      },
      ...names.map((peer) => {
        const { environment, script, method } = peers[peer];
        const short = quick ? ["--draws", "20", "--warmup", "20"] : [];
        return {
          name: peer,
          environment,
          args: ({ folder }) => [`bench/peers/glm/${script}`, folder, method, ...short],
          read: (output, { reference }) => {
            const { mean, sd, ...answer } = JSON.parse(lastLine(output, Number.POSITIVE_INFINITY));
            return { ...answer, errors: errorsAgainst({ mean, sd }, reference) };
          },
        };
      }),
    ],
  };
}
