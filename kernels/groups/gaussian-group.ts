// An inner group of gaussian rows: the integrand is a normal density, v ~ N(v̂, S), S = (I + Lᵀ W L)⁻¹, W = Σ w z zᵀ, so that loss and gradient
// have a closed form.
import { FactorLaw } from "../layout/groups";
import { addScaled2 } from "./doubles";
import { effectBytes, sumZ } from "./group-rows";
import { fineTolerance, findInnerMode, innerLossAt } from "./inner-mode";
import { innerLaw } from "./law";
import { ByTau } from "./row-derivatives";
import { addOuter, logDeterminant, multiply, rowBytes, Small, smallAt, solveLower, solveUpper } from "./small";
import { innerEffects, innerSlope, innerZ, numAuxiliaries, slope } from "./work";

/** As integrateInner for the gradient: E[Σ r z vᵀ] = Σ r(v̂) z v̂ᵀ + W L S, and E[Σ f_τ] = Σ f_τ(v̂) − q + Tr S. */
export function integrateGaussian(law: usize, first: u32, end: u32, mode: usize): f64 {
  const factor = smallAt(Small.factor);
  const at = <usize>first << 3;
  findInnerMode(law, first, end, mode, fineTolerance);
  const loss = innerLossAt(law, first, end, mode, ByTau.first);
  memory.fill(innerSlope + at, 0, <usize>(end - first) << 3);
  addScaled2(innerSlope + at, 1.0, slope + at, end - first);
  memory.fill(smallAt(Small.innerTau), 0, <usize>(Small.nodeTau - Small.innerTau) << 3);
  const sum = smallAt(Small.sum);
  sumZ(innerZ, innerEffects, first, end, slope, sum);
  const effects = smallAt(Small.innerEffects);
  addOuter(effects, 1.0, sum, mode, innerEffects);
  const trace = addSpread(innerLaw(law) + (<usize>FactorLaw.factor << 3), factor, effects);
  if (numAuxiliaries) {
    const tau = smallAt(Small.innerTau);
    store<f64>(tau, load<f64>(smallAt(Small.tau)) - <f64>innerEffects + trace);
  }
  return loss + logDeterminant(factor, innerEffects);
}

/** Adds W L S to `effects`, column by column, and returns Tr S. */
function addSpread(l: usize, factor: usize, effects: usize): f64 {
  const column = smallAt(Small.step);
  const product = smallAt(Small.trial);
  const moments = smallAt(Small.moments);
  let trace: f64 = 0;
  for (let k: usize = 0; k < <usize>innerEffects; k++) {
    memory.fill(column, 0, effectBytes);
    store<f64>(column + (k << 3), 1.0);
    solveLower(factor, column, innerEffects);
    solveUpper(factor, column, innerEffects);
    trace += load<f64>(column + (k << 3));
    multiply(l, column, innerEffects, product);
    multiply(moments, product, innerEffects, column);
    for (let i: usize = 0; i < <usize>innerEffects; i++) {
      const to = effects + i * rowBytes + (k << 3);
      store<f64>(to, load<f64>(to) + load<f64>(column + (i << 3)));
    }
  }
  return trace;
}
