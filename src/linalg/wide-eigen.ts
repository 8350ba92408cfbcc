import { Strip } from "../../kernels/linalg/record.ts";
import { type Matrix, matrix } from "./dense.ts";
import { onWorkbench, padded, type Workbench } from "./workbench.ts";

/** Below it the plain algorithm is as fast. */
const leastSize = 32;
/** Rotations are collected up to so many bytes before they go over the eigenvectors. */
const sweepBytes = 2 ** 19;

/**
 * Eigenvalues of a symmetric matrix, ascending, and its eigenvectors in the ROWS of `vectors`; null where the plain algorithm is to be
 * taken. Householder's reflections, then implicit QL, step by step those of EISPACK's tred2 and tql2, which ml-matrix has too: the same
 * bits. The rotations are put off and go over the eigenvectors many at a time, eight components of each, which stay in the cache.
 */
export function wideEigen(a: Matrix, unit: number): { values: Float64Array; vectors: Matrix } | null {
  const size = a.rows;
  if (size < leastSize) return null;
  const numbers = 2 * padded(size) ** 2 + 4 * padded(size) + sweepBytes / 8 + 4 * size + 1024;
  return onWorkbench(numbers, (bench) => {
    const { address, stride } = bench.place(size, size);
    const rows = bench.f64(address, size * stride);
    // Row j holds column j.
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        rows[j * stride + i] = unit === 1 ? a.data[i * size + j] : a.data[i * size + j] / unit;
    const [atDiagonal, atBeside] = [bench.allocate(8 * padded(size)), bench.allocate(8 * padded(size))];
    bench.kernels.reduceToTridiagonal(address, size, 8 * stride, atDiagonal, atBeside);
    const values = bench.f64(atDiagonal, size).slice();
    const beside = bench.f64(atBeside, size).slice();
    const strips = new Strips(bench, rows, size, stride);
    iterate(values, beside, strips);
    const vectors = matrix(size, size);
    const order = selectionOrder(values);
    strips.take(order, vectors.data);
    return { values: Float64Array.from(order, (k) => values[k]), vectors };
  });
}

/** The eigenvectors, cut into strips of eight components, and the rotations that have still to go over them. */
class Strips {
  readonly #count: number;
  readonly #address: number;
  readonly #sweeps: number;
  readonly #pairs: Float64Array;
  readonly #heads: Uint32Array;
  #end = 0;

  constructor(
    private readonly bench: Workbench,
    rows: Float64Array,
    private readonly size: number,
    stride: number,
  ) {
    this.#count = Math.ceil(size / Strip.width);
    this.#address = bench.allocate(8 * Strip.width * size * this.#count);
    const capacity = sweepBytes + 16 * size + 8;
    this.#sweeps = bench.allocate(capacity);
    this.#pairs = bench.f64(this.#sweeps, capacity / 8);
    this.#heads = bench.u32(this.#sweeps, capacity / 4);
    const entries = this.#entries();
    for (let s = 0; s < this.#count; s++)
      for (let i = 0; i < size; i++) {
        const from = i * stride + s * Strip.width;
        entries.set(rows.subarray(from, from + Strip.width), (s * size + i) * Strip.width);
      }
  }

  /** A sweep over vectors `last` down to `first` begins; its rotations follow. */
  begin(last: number, first: number): void {
    if (8 * this.#end > sweepBytes) this.#flush();
    this.#heads[2 * this.#end] = last;
    this.#heads[2 * this.#end + 1] = first;
    this.#end++;
  }

  rotate(cosine: number, sine: number): void {
    this.#pairs[this.#end++] = cosine;
    this.#pairs[this.#end++] = sine;
  }

  /** The vectors in the given order, one after the other. */
  take(order: readonly number[], to: Float64Array): void {
    this.#flush();
    const { size } = this;
    const entries = this.#entries();
    order.forEach((source, target) => {
      for (let s = 0; s < this.#count; s++) {
        const from = (s * size + source) * Strip.width;
        const at = s * Strip.width;
        to.set(entries.subarray(from, from + Math.min(Strip.width, size - at)), target * size + at);
      }
    });
  }

  #entries(): Float64Array {
    return this.bench.f64(this.#address, Strip.width * this.size * this.#count);
  }

  #flush(): void {
    const end = this.#sweeps + 8 * this.#end;
    for (let s = 0; s < this.#count; s++)
      this.bench.kernels.rotateStrip(this.#address + 8 * Strip.width * this.size * s, this.#sweeps, end);
    this.#end = 0;
  }
}

/** Implicit QL iterations (tql2): d becomes the eigenvalues, in no order. */
function iterate(d: Float64Array, e: Float64Array, strips: Strips): void {
  const n = d.length;
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  let shifted = 0;
  let largest = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]) + Math.abs(e[l]));
    const negligible = Number.EPSILON * largest;
    let m = l;
    while (m < n && !(Math.abs(e[m]) <= negligible)) m++;
    if (m > l)
      do shifted += step(d, e, l, m, strips);
      while (Math.abs(e[l]) > negligible);
    d[l] += shifted;
    e[l] = 0;
  }
}

/** One iteration on the rows l … m; returns the shift that was taken off the diagonal. */
function step(d: Float64Array, e: Float64Array, l: number, m: number, strips: Strips): number {
  const first = d[l];
  const slope = (d[l + 1] - first) / (2 * e[l]);
  const root = slope < 0 ? -hypotenuse(slope, 1) : hypotenuse(slope, 1);
  d[l] = e[l] / (slope + root);
  d[l + 1] = e[l] * (slope + root);
  const next = d[l + 1];
  const shift = first - d[l];
  for (let i = l + 2; i < d.length; i++) d[i] -= shift;
  const besideNext = e[l + 1];
  let [p, c, beforeLast, last, s, lastSine] = [d[m], 1, 1, 1, 0, 0];
  strips.begin(m, l);
  for (let i = m - 1; i >= l; i--) {
    beforeLast = last;
    last = c;
    lastSine = s;
    const g = c * e[i];
    const h = c * p;
    const r = hypotenuse(p, e[i]);
    e[i + 1] = s * r;
    s = e[i] / r;
    c = p / r;
    p = c * d[i] - s * g;
    d[i + 1] = h + s * (c * g + s * d[i]);
    strips.rotate(c, s);
  }
  p = (-s * lastSine * beforeLast * besideNext * e[l]) / next;
  e[l] = s * p;
  d[l] = c * p;
  return shift;
}

/** √(a² + b²) as tql2 has it. */
function hypotenuse(a: number, b: number): number {
  if (Math.abs(a) > Math.abs(b)) {
    const ratio = b / a;
    return Math.abs(a) * Math.sqrt(1 + ratio * ratio);
  }
  if (b === 0) return 0;
  const ratio = a / b;
  return Math.abs(b) * Math.sqrt(1 + ratio * ratio);
}

/** The order that exchanging each place with the least of those behind it makes: equal values come as tql2 has them. */
function selectionOrder(values: Float64Array): number[] {
  const order = [...values.keys()];
  for (let i = 0; i + 1 < order.length; i++) {
    let least = i;
    for (let j = i + 1; j < order.length; j++) if (values[order[j]] < values[order[least]]) least = j;
    [order[i], order[least]] = [order[least], order[i]];
  }
  return order;
}
