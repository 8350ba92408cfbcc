import type { Design } from "../../design/design-types.ts";
import { InputError } from "../../errors.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { dataRowsOf } from "../../models/group-model.ts";
import { type Model, numCoefficients } from "../../models/model.ts";
import { rowsAtHand } from "../../rows/row-subset.ts";
import { visitRows } from "../../rows/visit-rows.ts";

/**
 * Smallest noise scale, relative to the size of the target's values: noise below it cannot be distinguished from
 * rounding to single precision.
 */
const minNoise = 3e-7;

/** @throws InputError if the given noise scale is smaller than the noise that rounding makes */
export function refuseNoNoise({ target }: Pick<Design, "target">, model: Model): void {
  const isFixed = model.auxiliaries.every(({ name }) => name !== "sigma");
  if (!model.family.auxiliaries.some(({ name }) => name === "sigma") || !isFixed) return;
  const size = targetSize(model, new Float64Array(model.dimension));
  const sigma = Math.exp(model.fixedTau[0]);
  if (!(sigma < minNoise * size)) return;
  throw new InputError(
    `--sigma ${sigma.toPrecision(3)} is less than the rounding of ${target.name}, which is stored in single precision: its values are of the size of ${size.toPrecision(3)} on the scale that --sigma is on, so use ${(minNoise * size).toPrecision(2)} or more.`,
  );
}

/** @throws InputError if a linear model leaves no more noise than rounding makes */
export function refuseExactFit(
  { target }: Pick<Design, "target">,
  { model, mode }: Pick<DenseApproximation, "model" | "mode">,
): void {
  const k = model.auxiliaries.findIndex(({ name }) => name === "sigma");
  if (k < 0 || Math.exp(mode[numCoefficients(model) + k]) >= minNoise * targetSize(model, mode)) return;
  throw new InputError(
    `The columns explain ${target.name} to seven digits, where single precision ends, so that the noise left cannot be told from rounding; take the known part off the target, as in "${target.name} - 2 * x ~ …", or use a target that is measured with noise.`,
  );
}

/** The root mean square of the stored target, from some of the rows. */
function targetSize(model: Model, mode: Float64Array): number {
  let squares = 0;
  let count = 0;
  const rows = rowsAtHand(dataRowsOf(model));
  const step = Math.max(1, Math.floor(rows.rows.numRows / 2000));
  const visit = ({ y }: { readonly y: number }) => {
    squares += y * y;
    count++;
  };
  visitRows(rows, mode, visit, { step });
  return Math.sqrt(squares / count);
}
