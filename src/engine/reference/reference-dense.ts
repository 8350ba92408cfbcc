// The kernels of kernels/dense in plain TypeScript.
import { FactorTile, SolveTriangle } from "../../../kernels/layout/dense.ts";
import type { EngineMemory } from "../memory.ts";

export function factorTileReference(memory: EngineMemory, record: number): void {
  const slot = (at: FactorTile) => memory.getU32(record, at);
  const [size, column, width, from, to] = [
    slot(FactorTile.size),
    slot(FactorTile.column),
    slot(FactorTile.width),
    slot(FactorTile.from),
    slot(FactorTile.to),
  ];
  const l = memory.f64(slot(FactorTile.matrix), size * size);
  for (let i = from; i < to; i++) {
    for (let j = column; j < Math.min(column + width, i + 1); j++) {
      let sum = l[i * size + j];
      for (let k = 0; k < j; k++) sum -= l[i * size + k] * l[j * size + k];
      if (j < i) {
        l[i * size + j] = sum / l[j * size + j];
        continue;
      }
      if (!(sum > 0)) {
        memory.setU32(record, FactorTile.failure, i + 1);
        return;
      }
      l[i * size + i] = Math.sqrt(sum);
    }
  }
}

export function solveTriangleReference(memory: EngineMemory, record: number): void {
  const slot = (at: SolveTriangle) => memory.getU32(record, at);
  const size = slot(SolveTriangle.size);
  const count = slot(SolveTriangle.count);
  const l = memory.f64(slot(SolveTriangle.matrix), size * size);
  const x = memory.f64(slot(SolveTriangle.sides), size * count);
  const isTransposed = slot(SolveTriangle.isTransposed) === 1;
  for (let step = 0; step < size; step++) {
    const i = isTransposed ? size - 1 - step : step;
    for (let side = 0; side < count; side++) {
      let sum = x[i * count + side];
      if (isTransposed) for (let k = i + 1; k < size; k++) sum -= l[k * size + i] * x[k * count + side];
      else for (let k = 0; k < i; k++) sum -= l[i * size + k] * x[k * count + side];
      x[i * count + side] = sum / l[i * size + i];
    }
  }
}
