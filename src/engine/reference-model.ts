// What the reference versions of the kernels share: a record read into an object, and a row's residual.
import { AliasEntry, Family, Model } from "../../kernels/layout.ts";
import { families } from "../families/families.ts";
import type { RowLoss } from "../families/family.ts";
import type { EngineMemory } from "./memory.ts";

/** A Model record, read. */
export type ModelView = ReturnType<typeof readModel>;

export function readModel(memory: EngineMemory, address: number) {
  const u32 = (slot: Model) => memory.getU32(address, slot);
  const numColumns = u32(Model.numColumns);
  const numAuxiliary = u32(Model.auxiliary);
  const firstAuxiliary = u32(Model.firstAuxiliary);
  const outputs = u32(Model.outputs);
  const dimension = numColumns * outputs + numAuxiliary;
  const stride = u32(Model.stride);
  const numRows = u32(Model.numRows);
  const fixedTau = [
    memory.getF64(address, Model.fixedAuxiliary),
    memory.getF64(address, Model.secondFixedAuxiliary),
  ] as const;
  const rows = memory.f32(u32(Model.rows), numRows * stride);
  const aliasTable = u32(Model.aliasTable);
  const hasOffset = u32(Model.hasOffset) === 1;
  const hasWeights = u32(Model.hasWeights) === 1;
  const family = Object.values(families).find(({ kernel }) => kernel === u32(Model.family))!;
  return {
    address,
    numRows,
    numColumns,
    numAuxiliary,
    /** Places in τ of the auxiliary parameters. */
    auxiliaryPlaces: Array.from({ length: numAuxiliary }, (_, k) => firstAuxiliary + k),
    dimension,
    outputs,
    hasReference: u32(Model.hasReference) === 1,
    isCategorical: u32(Model.family) === Family.categorical,
    /** f and its derivatives, where there is one linear predictor. */
    rowLoss: family.row as RowLoss,
    precision: memory.f64(u32(Model.priorPrecision), dimension),
    mean: memory.f64(u32(Model.priorMean), dimension),
    aliasWords: aliasTable ? memory.u32(aliasTable, (numRows * AliasEntry.bytes) / 4) : undefined,
    aliasFloats: aliasTable ? memory.f32(aliasTable, (numRows * AliasEntry.bytes) / 4) : undefined,
    row: (n: number) => rows.subarray(n * stride, n * stride + numColumns),
    target: (n: number) => rows[n * stride + stride - 1],
    offset: (n: number) => (hasOffset ? rows[n * stride + stride - 2] : 0),
    weight: (n: number) => (hasWeights ? rows[n * stride + stride - 3] : 1),
    tau: (position: ArrayLike<number>): [number, number] => {
      const tau: [number, number] = [...fixedTau];
      for (let k = 0; k < numAuxiliary; k++) tau[firstAuxiliary + k] = position[numColumns + k];
      return tau;
    },
    /** xᵀβ of one output, the only one unless told. */
    predict: (n: number, position: ArrayLike<number>, output = 0) => {
      let eta = 0;
      for (let j = 0; j < numColumns; j++) eta += rows[n * stride + j] * position[output * numColumns + j];
      return eta;
    },
  };
}

/** ∂f/∂η, ∂f/∂τ₀, ∂f/∂τ₁ */
export function slopesOf(row: RowLoss, eta: number, tau: ArrayLike<number>, y: number): Float64Array {
  const slopes = new Float64Array(3);
  row.slopesInto(slopes, eta, tau, y);
  return slopes;
}

/** The matrix of second derivatives by η, τ₀ and τ₁. */
export function curvaturesOf(row: RowLoss, eta: number, tau: ArrayLike<number>, y: number): number[][] {
  const c = new Float64Array(6);
  row.curvaturesInto(c, eta, tau, y);
  return [
    [c[0], c[1], c[2]],
    [c[1], c[3], c[4]],
    [c[2], c[4], c[5]],
  ];
}

/** r = ∇f(θ) − ∇f(θ̂) − ∇²f(θ̂)(θ − θ̂), as derivatives by η, τ₀ and τ₁. */
export function residualOf(
  row: RowLoss,
  center: readonly [eta: number, first: number, second: number],
  deviation: readonly [eta: number, first: number, second: number],
  y: number,
): Float64Array {
  const [eta, ...tau] = center;
  const moved = tau.map((value, k) => value + deviation[k + 1]);
  const residual = slopesOf(row, eta + deviation[0], moved, y);
  const start = slopesOf(row, eta, tau, y);
  const curvatures = curvaturesOf(row, eta, tau, y);
  return residual.map(
    (value, i) => value - start[i] - curvatures[i].reduce((sum, entry, j) => sum + entry * deviation[j], 0),
  );
}
