// What the reference versions of the kernels share: a record read into an object, and a row's residual.
import { AliasEntry, Family, Model } from "../../../kernels/layout/model.ts";
import { families } from "../../families/families.ts";
import type { RowLoss } from "../../families/family.ts";
import { viewRows } from "../bindings/row-view.ts";
import { familyCodes } from "../bindings/words.ts";
import type { EngineMemory } from "../memory.ts";

/** A Model record, read. */
export type ModelView = ReturnType<typeof readModel>;

export function readModel(memory: EngineMemory, address: number) {
  const u32 = (slot: Model) => memory.getU32(address, slot);
  const numColumns = u32(Model.numColumns);
  const numAuxiliary = u32(Model.auxiliary);
  const firstAuxiliary = u32(Model.firstAuxiliary);
  const numPredictors = u32(Model.numPredictors);
  const dimension = numColumns * numPredictors + numAuxiliary;
  const numRows = u32(Model.numRows);
  const fixedTau = [
    memory.getF64(address, Model.fixedAuxiliary),
    memory.getF64(address, Model.secondFixedAuxiliary),
  ] as const;
  const starts = u32(Model.rowStarts);
  const storage = { address: starts || u32(Model.rows), numRows, numColumns, stride: u32(Model.stride) };
  const view = viewRows(memory, starts ? { ...storage, sparse: { shift: u32(Model.shift) } } : storage);
  const of = (n: number) => {
    view.moveTo(n);
    return view;
  };
  const aliasTable = u32(Model.aliasTable);
  const hasOffset = u32(Model.hasOffset) === 1;
  const hasWeights = u32(Model.hasWeights) === 1;
  const family = Object.values(families).find(({ name }) => familyCodes[name] === u32(Model.family))!;
  return {
    address,
    numRows,
    wholeRows: u32(Model.wholeRows),
    numColumns,
    numAuxiliary,
    /** Indices in τ of the auxiliary parameters. */
    auxiliaryIndices: Array.from({ length: numAuxiliary }, (_, k) => firstAuxiliary + k),
    dimension,
    numPredictors,
    hasReference: u32(Model.hasReference) === 1,
    isCategorical: u32(Model.family) === Family.categorical,
    /** f and its derivatives, where there is one linear predictor. */
    rowLoss: family.row as RowLoss,
    precision: memory.f64(u32(Model.priorPrecision), dimension),
    mean: memory.f64(u32(Model.priorMean), dimension),
    aliasWords: aliasTable ? memory.u32(aliasTable, (numRows * AliasEntry.bytes) / 4) : undefined,
    aliasFloats: aliasTable ? memory.f32(aliasTable, (numRows * AliasEntry.bytes) / 4) : undefined,
    row: (n: number) => {
      if (!starts) return memory.f32(storage.address + 4 * n * storage.stride, numColumns);
      const row = new Float64Array(numColumns);
      of(n).addTo(row, 0, 1);
      return row;
    },
    target: (n: number) => of(n).target(),
    offset: (n: number) => (hasOffset ? of(n).offset() : 0),
    weight: (n: number) => (hasWeights ? of(n).weight() : 1),
    tau: (position: ArrayLike<number>): [number, number] => {
      const tau: [number, number] = [...fixedTau];
      for (let k = 0; k < numAuxiliary; k++) tau[firstAuxiliary + k] = position[numColumns + k];
      return tau;
    },
    /** xᵀβ of one linear predictor, the only one unless told. */
    predict: (n: number, position: ArrayLike<number>, output = 0) => {
      // A view of sparse rows wants vectors that stay the same, and a chain's position does not.
      if (!starts) return of(n).dot(position, output * numColumns);
      const row = new Float64Array(numColumns);
      of(n).addTo(row, 0, 1);
      return row.reduce((eta, value, j) => eta + value * position[output * numColumns + j], 0);
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
