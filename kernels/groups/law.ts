// What depends on θ alone: the constants of a row's loss, and of each factor L with its derivatives.
import { loadTau, prepare, RowLoss } from "../families/row-loss";
import { Factor, FactorLaw, Groups, Law, maxEffects, maxVarianceParameters } from "../layout/groups";
import { Model } from "../layout/model";
import { slotU32 } from "../memory/record";

/** f64 of a q × q matrix's room. */
const matrixLength: usize = <usize>(maxEffects * maxEffects);

// @ts-ignore: decorator
@inline
export function lossOf(law: usize): usize {
  return law + ((<usize>Law.loss) << 3);
}

// @ts-ignore: decorator
@inline
export function outerLaw(law: usize): usize {
  return law + ((<usize>Law.outer) << 3);
}

// @ts-ignore: decorator
@inline
export function innerLaw(law: usize): usize {
  return law + ((<usize>Law.inner) << 3);
}

/** ∂L/∂φ_m */
// @ts-ignore: decorator
@inline
export function slopeOf(factorLaw: usize, m: u32): usize {
  return factorLaw + ((<usize>FactorLaw.slopes + <usize>m * matrixLength) << 3);
}

/** ∂²L/∂φ_m∂φ_n */
// @ts-ignore: decorator
@inline
export function curvatureOf(factorLaw: usize, m: u32, n: u32): usize {
  return factorLaw + ((<usize>FactorLaw.curvatures + <usize>(m * maxVarianceParameters + n) * matrixLength) << 3);
}

/** Works out `law` for the θ at `position`. */
export function prepareLaw(model: usize, position: usize, law: usize): void {
  const groups = <usize>slotU32(model, Model.groups);
  const numCoefficients = slotU32(model, Model.numColumns) * slotU32(model, Model.numPredictors);
  const auxiliary = slotU32(model, Model.auxiliary);
  store<u32>(law, <u32>position);
  const loss = lossOf(law);
  loadTau(model, position + (<usize>numCoefficients << 3), loss + RowLoss.tau);
  prepare(slotU32(model, Model.family), loss + RowLoss.tau, loss + RowLoss.constants);
  let parameters = position + (<usize>(numCoefficients + auxiliary) << 3);
  const outer = <usize>slotU32(groups, Groups.outer);
  if (outer) {
    prepareFactor(outer, parameters, outerLaw(law));
    parameters += <usize>slotU32(outer, Factor.numParameters) << 3;
  }
  prepareFactor(<usize>slotU32(groups, Groups.inner), parameters, innerLaw(law));
}

/** L and its derivatives, block after block. */
export function prepareFactor(factor: usize, parameters: usize, out: usize): void {
  memory.fill(out, 0, (<usize>FactorLaw.curvatures + <usize>(maxVarianceParameters * maxVarianceParameters) * matrixLength) << 3);
  const sizes = <usize>slotU32(factor, Factor.blockSizes);
  let first: u32 = 0;
  let parameter: u32 = 0;
  for (let block: u32 = 0; block < slotU32(factor, Factor.numBlocks); block++) {
    const size = load<u32>(sizes + (<usize>block << 2));
    prepareBlock(parameters, parameter, first, size, out);
    first += size;
    parameter += (size * (size + 1)) / 2;
  }
}

/** A row of L is τ_i times a product of functions of its own partial correlations, so that only φ of one row meet in it. */
function prepareBlock(parameters: usize, parameter: u32, first: u32, size: u32, out: usize): void {
  for (let i: u32 = 0; i < size; i++) {
    const scale = parameter + i;
    const tau = Math.exp(load<f64>(parameters + (<usize>scale << 3)));
    const partial = parameter + size + (i * (i - 1)) / 2;
    for (let j: u32 = 0; j <= i; j++) {
      const at = <usize>((first + i) * maxEffects + first + j) << 3;
      const value = tau * entryOf(parameters, partial, i, j, i, i);
      store<f64>(out + at, value);
      store<f64>(slopeOf(out, scale) + at, value);
      store<f64>(curvatureOf(out, scale, scale) + at, value);
      for (let k: u32 = 0; k < i; k++) {
        const slope = tau * entryOf(parameters, partial, i, j, k, i);
        store<f64>(slopeOf(out, partial + k) + at, slope);
        store<f64>(curvatureOf(out, scale, partial + k) + at, slope);
        store<f64>(curvatureOf(out, partial + k, scale) + at, slope);
        for (let l: u32 = 0; l < i; l++) {
          store<f64>(curvatureOf(out, partial + k, partial + l) + at, tau * entryOf(parameters, partial, i, j, k, l));
        }
      }
    }
  }
}

/** ρ_ij Π_{k<j} √(1 − ρ_ik²) (for j = i without ρ), differentiated by the parameters numbered a and b; by none where that is i. */
function entryOf(parameters: usize, partial: u32, i: u32, j: u32, a: u32, b: u32): f64 {
  let product: f64 = 1;
  for (let k: u32 = 0; k < i; k++) {
    const times: u32 = (k === a ? 1 : 0) + (k === b ? 1 : 0);
    if (k > j) {
      if (times) return 0;
      continue;
    }
    const z = load<f64>(parameters + (<usize>(partial + k) << 3));
    const rho = Math.tanh(z);
    const cosine = 1.0 / Math.cosh(z);
    if (k < j) {
      if (times === 0) product *= cosine;
      else if (times === 1) product *= -rho * cosine;
      else product *= cosine * (rho * rho - cosine * cosine);
    } else if (times === 0) product *= rho;
    else if (times === 1) product *= cosine * cosine;
    else product *= -2.0 * rho * cosine * cosine;
  }
  return product;
}
