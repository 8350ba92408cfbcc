// Solutions with a lower triangular matrix or its transpose, for one right side, or eight that share the reading of the matrix.
import { SolveTriangle } from "../layout/dense";
import { slotU32 } from "../memory/record";

export function solveTriangle(record: usize, _argument: u32): void {
  const matrix = slotU32(record, SolveTriangle.matrix);
  const size = slotU32(record, SolveTriangle.size);
  const sides = slotU32(record, SolveTriangle.sides);
  const end = slotU32(record, SolveTriangle.end);
  const isTransposed = slotU32(record, SolveTriangle.isTransposed) !== 0;
  if (slotU32(record, SolveTriangle.count) === 8) {
    if (isTransposed) solveEightTransposed(matrix, size, sides, end);
    else solveEight(matrix, size, sides);
  } else if (isTransposed) solveOneTransposed(matrix, size, sides, end);
  else solveOne(matrix, size, sides);
}

export function solveOne(matrix: usize, size: u32, sides: usize): void {
  const rowBytes = <usize>size << 3;
  for (let i: usize = 0; i < size; i++) {
    const row = matrix + i * rowBytes;
    const end = i << 3;
    let a = f64x2.splat(0);
    let b = a;
    let k: usize = 0;
    for (; k + 32 <= end; k += 32) {
      a = f64x2.add(a, f64x2.mul(v128.load(row + k, 0), v128.load(sides + k, 0)));
      b = f64x2.add(b, f64x2.mul(v128.load(row + k, 16), v128.load(sides + k, 16)));
    }
    a = f64x2.add(a, b);
    let sum = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
    for (; k < end; k += 8) sum += load<f64>(row + k) * load<f64>(sides + k);
    store<f64>(sides + end, (load<f64>(sides + end) - sum) / load<f64>(row + end));
  }
}

export function solveOneTransposed(matrix: usize, size: u32, sides: usize, end: u32): void {
  const rowBytes = <usize>size << 3;
  for (let i = <isize>end - 1; i >= 0; i--) {
    const row = matrix + <usize>i * rowBytes;
    const stop = <usize>i << 3;
    const value = load<f64>(sides + stop) / load<f64>(row + stop);
    store<f64>(sides + stop, value);
    const factor = f64x2.splat(value);
    let k: usize = 0;
    for (; k + 32 <= stop; k += 32) {
      v128.store(sides + k, f64x2.sub(v128.load(sides + k, 0), f64x2.mul(factor, v128.load(row + k, 0))), 0);
      v128.store(sides + k, f64x2.sub(v128.load(sides + k, 16), f64x2.mul(factor, v128.load(row + k, 16))), 16);
    }
    for (; k < stop; k += 8) store<f64>(sides + k, load<f64>(sides + k) - value * load<f64>(row + k));
  }
}

export function solveEight(matrix: usize, size: u32, sides: usize): void {
  const rowBytes = <usize>size << 3;
  for (let i: usize = 0; i < size; i++) {
    let entry = matrix + i * rowBytes;
    const own = sides + (i << 6);
    let a = v128.load(own, 0);
    let b = v128.load(own, 16);
    let c = v128.load(own, 32);
    let d = v128.load(own, 48);
    for (let x = sides; x < own; x += 64, entry += 8) {
      const factor = v128.load64_splat(entry);
      a = f64x2.sub(a, f64x2.mul(factor, v128.load(x, 0)));
      b = f64x2.sub(b, f64x2.mul(factor, v128.load(x, 16)));
      c = f64x2.sub(c, f64x2.mul(factor, v128.load(x, 32)));
      d = f64x2.sub(d, f64x2.mul(factor, v128.load(x, 48)));
    }
    const inverse = f64x2.splat(1 / load<f64>(entry));
    v128.store(own, f64x2.mul(a, inverse), 0);
    v128.store(own, f64x2.mul(b, inverse), 16);
    v128.store(own, f64x2.mul(c, inverse), 32);
    v128.store(own, f64x2.mul(d, inverse), 48);
  }
}

export function solveEightTransposed(matrix: usize, size: u32, sides: usize, end: u32): void {
  const rowBytes = <usize>size << 3;
  for (let i = <isize>end - 1; i >= 0; i--) {
    let entry = matrix + <usize>i * rowBytes;
    const own = sides + (<usize>i << 6);
    const inverse = f64x2.splat(1 / load<f64>(entry + (<usize>i << 3)));
    const a = f64x2.mul(v128.load(own, 0), inverse);
    const b = f64x2.mul(v128.load(own, 16), inverse);
    const c = f64x2.mul(v128.load(own, 32), inverse);
    const d = f64x2.mul(v128.load(own, 48), inverse);
    v128.store(own, a, 0);
    v128.store(own, b, 16);
    v128.store(own, c, 32);
    v128.store(own, d, 48);
    for (let x = sides; x < own; x += 64, entry += 8) {
      const factor = v128.load64_splat(entry);
      v128.store(x, f64x2.sub(v128.load(x, 0), f64x2.mul(factor, a)), 0);
      v128.store(x, f64x2.sub(v128.load(x, 16), f64x2.mul(factor, b)), 16);
      v128.store(x, f64x2.sub(v128.load(x, 32), f64x2.mul(factor, c)), 32);
      v128.store(x, f64x2.sub(v128.load(x, 48), f64x2.mul(factor, d)), 48);
    }
  }
}
