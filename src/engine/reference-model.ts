// What the reference versions of the kernels share: a record read into an object, and a row's loss and derivatives.
import { AliasEntry, Family, Model } from "../../kernels/layout.ts";
import type { EngineMemory } from "./memory.ts";

/** A Model record, read. */
export type ModelView = ReturnType<typeof readModel>;

export function readModel(memory: EngineMemory, address: number) {
  const u32 = (slot: Model) => memory.getU32(address, slot);
  const numColumns = u32(Model.numColumns);
  const hasAuxiliary = u32(Model.auxiliary) === 1;
  const outputs = u32(Model.outputs);
  const dimension = numColumns * outputs + (hasAuxiliary ? 1 : 0);
  const stride = u32(Model.stride);
  const numRows = u32(Model.numRows);
  const fixedTau = memory.getF64(address, Model.fixedAuxiliary);
  const rows = memory.f32(u32(Model.rows), numRows * stride);
  const aliasTable = u32(Model.aliasTable);
  return {
    numRows,
    numColumns,
    hasAuxiliary,
    dimension,
    outputs,
    hasReference: u32(Model.hasReference) === 1,
    isGaussian: u32(Model.family) === Family.gaussian,
    isCategorical: u32(Model.family) === Family.categorical,
    rate: memory.getF64(address, Model.auxiliaryRate),
    precision: memory.f64(u32(Model.priorPrecision), dimension),
    mean: memory.f64(u32(Model.priorMean), dimension),
    aliasWords: aliasTable ? memory.u32(aliasTable, (numRows * AliasEntry.bytes) / 4) : undefined,
    aliasFloats: aliasTable ? memory.f32(aliasTable, (numRows * AliasEntry.bytes) / 4) : undefined,
    row: (n: number) => rows.subarray(n * stride, n * stride + numColumns),
    target: (n: number) => rows[n * stride + stride - 1],
    tau: (position: ArrayLike<number>) => (hasAuxiliary ? position[numColumns] : fixedTau),
    /** η of one output, the only one unless told. */
    predict: (n: number, position: ArrayLike<number>, output = 0) => {
      let eta = 0;
      for (let j = 0; j < numColumns; j++) eta += rows[n * stride + j] * position[output * numColumns + j];
      return eta;
    },
  };
}

/** f(η, τ; y) and its first and second derivatives. */
export interface Loss {
  readonly value: number;
  readonly eta: number;
  readonly tau: number;
  readonly etaEta: number;
  readonly etaTau: number;
  readonly tauTau: number;
}

export function lossOf(isGaussian: boolean, eta: number, tau: number, y: number): Loss {
  if (isGaussian) {
    const w = Math.exp(-2 * tau);
    const e = eta - y;
    return {
      value: 0.5 * e * e * w + tau,
      eta: e * w,
      tau: 1 - e * e * w,
      etaEta: w,
      etaTau: -2 * e * w,
      tauTau: 2 * e * e * w,
    };
  }
  const mean = 1 / (1 + Math.exp(-eta));
  const value = Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta))) - y * eta;
  return { value, eta: mean - y, tau: 0, etaEta: mean * (1 - mean), etaTau: 0, tauTau: 0 };
}

/** r = ∇f(θ) − ∇f(θ̂) − ∇²f(θ̂)(θ − θ̂), as derivatives by η and τ. */
export function residualOf(
  isGaussian: boolean,
  center: [number, number],
  deviation: [number, number],
  y: number,
): [number, number] {
  const at = lossOf(isGaussian, center[0] + deviation[0], center[1] + deviation[1], y);
  const start = lossOf(isGaussian, center[0], center[1], y);
  return [
    at.eta - start.eta - start.etaEta * deviation[0] - start.etaTau * deviation[1],
    at.tau - start.tau - start.etaTau * deviation[0] - start.tauTau * deviation[1],
  ];
}
