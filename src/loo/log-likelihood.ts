import { InputError } from "../errors.ts";
import { formatCount, type TableSource } from "../table/table-source.ts";
import { type FittedModel, FittedRows } from "./fitted-rows.ts";
import { RowDensities } from "./row-densities.ts";

/** log p(y_n | x_n, θ_s) of every row of a fit at every draw. */
export interface LogLikelihood {
  readonly chains: number;
  readonly draws: number;
  /** chains × draws × rows */
  readonly values: Float64Array;
}

/** Numbers that are held at once, 1 GiB of them. */
const maxNumbers = 2 ** 27;

/** @throws InputError where there would be too many numbers, or rows count more than once */
export function requireLogLikelihood(rows: number, draws: number, weights: string | undefined): void {
  if (weights !== undefined)
    throw new InputError(
      "--save-log-likelihood is for rows that count once, and readers of the file would not know of --weights: leave one of them out.",
    );
  if (rows * draws <= maxNumbers) return;
  throw new InputError(
    `The log likelihood of ${formatCount(rows)} rows at ${formatCount(draws)} draws is ${formatCount(rows * draws)} numbers, and ${formatCount(maxNumbers)} are the most: leave --save-log-likelihood out, as ornstein loo needs none, or keep fewer --draws.`,
  );
}

/**
 * The log likelihood by row, given the effects of the rows' groups where there are such. Of fits that keep fewer draws of these
 * than of the parameters it is at those.
 * @param source The rows that the fit was made of
 */
export async function logLikelihoodOf(
  fit: FittedModel,
  source: TableSource,
  signal?: AbortSignal,
): Promise<LogLikelihood> {
  const [chains] = fit.draws.values();
  const total = chains.length * chains[0].length;
  const densities = new RowDensities(fit, total, { seed: 1, groups: "known" });
  const numRows = fit.data.rows;
  const { numDraws } = densities;
  const values = new Float64Array(numDraws * numRows);
  let n = 0;
  for await (const { rows, places, numbers } of new FittedRows(fit, source, signal ? { signal } : {}).read(
    "",
    undefined,
  ))
    places.forEach((i, k) => {
      const own = densities.read(rows, i);
      densities.requireFinite(numbers[k]);
      for (let s = 0; s < numDraws; s++) values[s * numRows + n] = own[s];
      n++;
    });
  const isByChain = numDraws % chains.length === 0;
  return isByChain
    ? { chains: chains.length, draws: numDraws / chains.length, values }
    : { chains: 1, draws: numDraws, values };
}
