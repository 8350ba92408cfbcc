// Multilevel models: a posterior by `ornstein fit`, and what other packages estimate. Most of these maximise a likelihood and have
// no posterior sds of their own for the variances: their errors are those of their estimates and of their standard errors.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bench, cacheFolder, referencePath, root } from "../../harness/cases.mjs";
import { lastLine, runProcess } from "../../harness/processes.mjs";

const bambi = { name: "Bambi (PyMC, nutpie)", environment: "multilevel", script: "bambi_peer.py" };
const peers = [
  { name: "lme4", environment: "r", script: "lme4.R" },
  { name: "glmmTMB", environment: "r", script: "glmmtmb.R" },
  { name: "GPBoost", environment: "multilevel", script: "gpboost_peer.py" },
  { name: "statsmodels", environment: "multilevel", script: "statsmodels_peer.py" },
];
const scripts = join(bench, "peers/multilevel");

/** The simulated table, made once. */
function simulated(name) {
  const folder = join(cacheFolder, "simulated");
  const path = join(folder, `${name}.csv`);
  if (existsSync(path)) return folder;
  mkdirSync(folder, { recursive: true });
  const made = spawnSync(process.execPath, [join(bench, "multilevel/simulate.mjs"), name, "--out", folder], {
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`The table could not be made: ${lastLine(made.stderr)}`);
  return folder;
}

async function prepareTable({ name, isSimulated }, { shared, python }) {
  const path = join(cacheFolder, "tables", `${name}.csv`);
  if (!existsSync(path)) {
    mkdirSync(join(cacheFolder, "tables"), { recursive: true });
    const source = isSimulated ? simulated(name) : join(shared, "data/multilevel");
    const made = await runProcess({
      command: python,
      args: [join(scripts, "prepare.py"), name, source, path],
      limit: 3600,
    });
    if (made.status !== "done") throw new Error(`The table could not be made: ${made.reason}`);
  }
  return path;
}

/** The reference's entries by their names without the second effect of a correlation, which packages do not write. */
function referenceOf(name, shared) {
  const places = [join(shared, "reference/multilevel"), join(root, "test/golden/multilevel/references")];
  const paths = [referencePath(name), ...places.map((place) => join(place, `${name}.json`))];
  const path = paths.find(existsSync);
  if (path === undefined) return undefined;
  const { posterior } = JSON.parse(readFileSync(path, "utf8"));
  return new Map(Object.entries(posterior).map(([key, entry]) => [plain(key), entry]));
}

const plain = (name) => name.split("[Intercept,")[0];
const isVariance = (name) => /^(sd\(|cor\(|sigma)/.test(name);

/**
 * @param {Map<string, { estimate: number, se?: number }>} estimates
 * @param {Map<string, { mean: number, sd: number }> | undefined} reference
 * @returns the largest error in posterior sds, of coefficients and of sds and correlations, and the largest relative error of a
 * coefficient's standard error; undefined where there is no reference
 */
export function multilevelErrors(estimates, reference) {
  if (reference === undefined) return undefined;
  const errors = { mean: 0, variances: 0, sd: 0 };
  let compared = 0;
  for (const [name, { estimate, se }] of estimates) {
    const entry = reference.get(name);
    if (entry === undefined || !Number.isFinite(estimate)) continue;
    compared++;
    const of = isVariance(name) ? "variances" : "mean";
    errors[of] = Math.max(errors[of], Math.abs(estimate - entry.mean) / entry.sd);
    if (!isVariance(name) && Number.isFinite(se)) errors.sd = Math.max(errors.sd, Math.abs(se / entry.sd - 1));
  }
  if (compared === 0) throw new Error("No parameter of the answer is in the reference.");
  const reached = errors.mean <= 0.1 && errors.variances <= 0.1 && errors.sd <= 0.05;
  return { ...errors, compared, reached };
}

/** What the peers call a parameter, as the reference calls it. */
const renamed = (entries, names) => new Map(entries.map(([name, entry]) => [plain(names[name] ?? name), entry]));

/** The parameters of the command's JSON by the reference's names. */
export function estimatesOf({ coefficients, groups = [] }, names) {
  const entry = ({ standardized: { mean, sd } }) => ({ estimate: mean, se: sd });
  const ofGroups = groups.flatMap(({ factor, sds, correlations }) => [
    ...sds.map((each) => [`sd(${factor})[${each.name}]`, entry(each)]),
    // The reference names a correlation by its factor alone, as packages do.
    ...correlations.map((each) => [`cor(${factor})`, entry(each)]),
  ]);
  return renamed([...coefficients.map((each) => [each.name, entry(each)]), ...ofGroups], names);
}

/** @returns {import("../../harness/cases.mjs").Case} */
function multilevelCase({ name, title, what, formula, family, names = {}, isSimulated = false, extra = [] }) {
  const r = family === "gaussian" ? "gaussian" : "binomial";
  return {
    name,
    title,
    what: `${what} \`${formula}\`, ${family}.`,
    measure: "seconds",
    cores: "all",
    needs: "multilevel",
    prepare: async (context) => ({
      path: await prepareTable({ name, isSimulated }, context),
      reference: referenceOf(name, context.shared),
    }),
    contestants: () => [
      {
        name: "ornstein auto",
        environment: "node",
        args: ({ path }, scratch) => {
          const model = ["--formula", formula, "--family", family];
          return ["bin/ornstein.mjs", "fit", path, ...model, "--quiet", "--json", scratch];
        },
        accepts: [0, 1],
        read: (_, { reference }, scratch) => {
          const result = JSON.parse(readFileSync(scratch, "utf8"));
          const said = `${result.settings.sampler}; certificate ${result.certificate.verdict}`;
          return {
            version: result.version,
            compile: 0,
            said,
            errors: multilevelErrors(estimatesOf(result, names), reference),
          };
        },
      },
      ...[...peers, ...extra].map((peer) => ({
        name: peer.name,
        environment: peer.environment,
        args: ({ path }) => [join(scripts, peer.script), path, formula, r],
        cwd: scripts,
        read: (output, { reference }) => {
          const { version, said, estimates, wall } = JSON.parse(lastLine(output, Number.POSITIVE_INFINITY));
          const errors = multilevelErrors(renamed(Object.entries(estimates), names), reference);
          // One message may be all it says of an answer that is wrong.
          const words = (Array.isArray(said) ? said : [said]).join("; ").replaceAll("\n", " ").slice(0, 200);
          return { version, run: wall, compile: 0, said: words || undefined, errors };
        },
      })),
    ],
  };
}

const toenailNames = { treatment: "treatment[terbinafine]", product: "treatment[terbinafine]:time" };

export const multilevelCases = [
  multilevelCase({
    name: "sleepstudy",
    title: "sleepstudy",
    what: "180 rows, 18 groups:",
    formula: "y ~ Days + (1 + Days | Subject)",
    family: "gaussian",
    extra: [bambi],
  }),
  multilevelCase({
    name: "toenail",
    title: "toenail",
    what: "1,908 rows, 294 groups:",
    formula: "y ~ treatment + time + product + (1 | patientID)",
    family: "bernoulli",
    names: toenailNames,
    extra: [bambi],
  }),
  multilevelCase({
    name: "insteval",
    title: "InstEval",
    what: "73,421 rows, 2,972 × 1,128 crossed groups:",
    formula: "y ~ service + lectage + studage + (1 | s) + (1 | d)",
    family: "gaussian",
  }),
  multilevelCase({
    name: "logit-1m",
    title: "A million rows in 100,000 groups",
    what: "Simulated:",
    formula: "y ~ x1 + x2 + (1 | g)",
    family: "bernoulli",
    isSimulated: true,
  }),
  multilevelCase({
    name: "logit-10m",
    title: "Ten million rows in a million groups",
    what: "Simulated; there is no reference, so only time and memory are compared:",
    formula: "y ~ x1 + x2 + (1 | g)",
    family: "bernoulli",
    isSimulated: true,
  }),
];
