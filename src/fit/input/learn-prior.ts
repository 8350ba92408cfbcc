import type { Design } from "../../design/design-types.ts";
import { percent } from "../../diagnostics/certificate/wording.ts";
import { type LearnedHyperparameters, learnHyperparameters } from "../../empirical-bayes/variational-em.ts";
import { InputError } from "../../errors.ts";
import { meanLoss } from "../../estimation/mode/mode-from-noise.ts";
import { withHyperparameters } from "../../models/create-model.ts";
import type { Model } from "../../models/model.ts";
import type { ResolvedOptions } from "../../options/resolve-options.ts";
import type { Workspace } from "../../rows/workspace.ts";
import type { PriorGroup } from "../../theory/evidence.ts";

/** A prior that was learned from the data (empirical Bayes), on the standardised scale. */
export interface LearnedPrior {
  /** The groups, which have one precision each: all single columns together, and every term of several columns. */
  readonly groups: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly precision: number;
    /** 1/√precision */
    readonly sd: number;
    /** Monte Carlo standard error of log precision. */
    readonly error: number;
    readonly limit: "lower" | "upper" | null;
  }[];
  /** The learned noise scale, with `sigma: "em"`. */
  readonly sigma: number | null;
}

const singles = "single columns";

/**
 * Replaces the prior precisions, and with `sigma: "em"` the noise scale, by those that variational EM learns.
 * @throws InputError if there is nothing to learn
 */
export async function learnPrior(
  workspace: Workspace,
  model: Model,
  design: Design,
  options: ResolvedOptions,
): Promise<{ model: Model; learned: LearnedPrior; remarks: readonly string[]; warnings: readonly string[] }> {
  const groups = options.learnPrior ? priorGroups(design, model) : [];
  const noiseScale = options.sigma === "em";
  if (noiseScale && model.family.name !== "gaussian")
    throw new InputError(`sigma "em" is for the gaussian family; ${design.family} has no noise scale: leave it out.`);
  if (options.learnPrior && groups.length === 0)
    throw new InputError('The prior cannot be learned without a column beside the intercept: leave "learned" out.');
  const start = noiseScale ? await withPlainSigma(workspace, model) : model;
  const found = await learnHyperparameters(workspace, start, { groups, noiseScale, seed: options.seed });
  const learned = describe(found, design);
  return { model: found.model, learned, remarks: [remark(learned, design)], warnings: warningsOf(found, learned) };
}

/** All columns that are the only one of their term share a precision; a term of several columns has its own. */
function priorGroups({ columns }: Design, model: Model): PriorGroup[] {
  const size = new Map<string, number>();
  for (const { term } of columns) size.set(term, (size.get(term) ?? 0) + 1);
  const groups = new Map<string, number[]>();
  columns.forEach(({ term, isIntercept }, j) => {
    if (isIntercept) return;
    const name = size.get(term) === 1 ? singles : term;
    const parameters = groups.get(name) ?? [];
    for (let output = 0; output < model.numPredictors; output++) parameters.push(output * columns.length + j);
    groups.set(name, parameters);
  });
  return [...groups].map(([name, parameters]) => ({ name, parameters }));
}

/** Starts from the noise scale of a model that explains nothing. */
async function withPlainSigma(workspace: Workspace, model: Model): Promise<Model> {
  const unit = withHyperparameters(model, { sigma: 1 });
  const meanSquare = 2 * (await meanLoss(workspace, unit, new Float64Array(model.dimension)));
  return withHyperparameters(model, { sigma: Math.sqrt(Math.max(meanSquare, 1e-12)) });
}

function describe({ groups, noiseScale }: LearnedHyperparameters, { columns }: Design): LearnedPrior {
  return {
    groups: groups.map(({ name, parameters, precision, sd, error, limit }) => ({
      name,
      columns: parameters.filter((j) => j < columns.length).map((j) => columns[j].name),
      precision,
      sd,
      error,
      limit,
    })),
    sigma: noiseScale?.sigma ?? null,
  };
}

function remark({ groups, sigma }: LearnedPrior, { target }: Design): string {
  const parts = groups.map(
    ({ name, columns, sd }) =>
      `${name === singles ? "single columns" : `"${name}"`} (${columns.length}) normal(0, ${sd.toPrecision(3)})`,
  );
  if (sigma !== null) parts.push(`sigma ${(sigma * target.scale).toPrecision(4)}`);
  return `Learned from the data by variational EM, on the standardised scale: ${parts.join(", ")}; the intervals leave out how uncertain these are.`;
}

function warningsOf({ groups, converged }: LearnedHyperparameters, learned: LearnedPrior): string[] {
  const warnings: string[] = [];
  for (const { name, sd, limit } of learned.groups) {
    const coefficients = name === singles ? "the single columns' coefficients" : `the coefficients of "${name}"`;
    if (limit === "upper")
      warnings.push(
        `The data carry no sign of ${coefficients}: the learned prior went to its limit, normal(0, ${sd.toPrecision(3)}), and shrinks them to almost nothing; leave them out of the formula, or give --prior.`,
      );
    if (limit === "lower")
      warnings.push(
        `The data set no bound to ${coefficients} (some combination of columns separates the target's values): the learned prior went to its limit, normal(0, ${sd.toPrecision(3)}); give --prior.`,
      );
  }
  if (!converged) {
    const worst = Math.max(...groups.map(({ error }) => error));
    warnings.push(
      `Variational EM was stopped before its Monte Carlo error was small: a learned precision may be off by ${percent(worst)}.`,
    );
  }
  return warnings;
}
