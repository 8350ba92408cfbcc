import { inflateSync } from "fflate/browser";
import { Packed, Product, Shape } from "../../kernels/linalg/record.ts";
import type { Matrix } from "./dense.ts";
import { deflatedLinalg, numBytes } from "./kernels.generated.ts";

/** The functions of kernels/linalg/; what they take stands there. Addresses are byte offsets. */
interface Kernels {
  readonly addProducts: (product: number, scratch: number) => void;
  readonly factorise: (...given: readonly number[]) => number;
  readonly solveLower: (...given: readonly number[]) => void;
  readonly reduceToTridiagonal: (v: number, size: number, rowBytes: number, d: number, e: number) => void;
  readonly multiplyStrips: (...given: readonly number[]) => void;
  readonly rotateStrip: (strip: number, sweeps: number, end: number) => void;
}

const pageBytes = 65_536;
const firstAddress = 64;
/** A memory that has grown beyond this is let go after its use. */
const keptBytes = 2 ** 27;
const mostBytes = 2 ** 32 - pageBytes;

/** A matrix in the workbench: rows `stride` numbers apart, at byte `address`, rows and stride multiples of 8. */
export interface Placed {
  readonly address: number;
  readonly stride: number;
}

/** A WebAssembly memory for the matrices of one computation, with the kernels over it. */
export class Workbench {
  readonly scratch: number;
  readonly #record: number;
  #top = firstAddress;

  constructor(
    readonly kernels: Kernels,
    private readonly memory: WebAssembly.Memory,
  ) {
    this.#record = this.allocate(Product.bytes);
    this.scratch = this.allocate(Packed.bytes);
  }

  /** Room for `bytes` more; views that were made before may be gone. */
  allocate(bytes: number): number {
    const address = Math.ceil(this.#top / 64) * 64;
    this.#top = address + bytes;
    const missing = Math.ceil((this.#top - this.memory.buffer.byteLength) / pageBytes);
    if (missing > 0) this.memory.grow(missing);
    return address;
  }

  /** Everything but the scratch memory is free again. */
  clear(): void {
    this.#top = this.scratch + Packed.bytes;
  }

  get isLarge(): boolean {
    return this.memory.buffer.byteLength > keptBytes;
  }

  f64(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  u32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, length);
  }

  /** A rows × columns matrix of zeros; the rows and columns that are added have `fill` on their diagonal. */
  place(rows: number, columns: number, fill = 0): Placed {
    const stride = padded(columns);
    const length = padded(rows) * stride;
    const address = this.allocate(8 * length);
    const entries = this.f64(address, length).fill(0);
    if (fill !== 0) for (let i = rows; i < padded(rows); i++) entries[i * stride + i] = fill;
    return { address, stride };
  }

  /** A copy of `a`, as `place` has it. */
  put(a: Matrix, fill = 0): Placed {
    const placed = this.place(a.rows, a.columns, fill);
    const entries = this.f64(placed.address, a.rows * placed.stride);
    if (placed.stride === a.columns) entries.set(a.data);
    else
      for (let i = 0; i < a.rows; i++)
        entries.set(a.data.subarray(i * a.columns, (i + 1) * a.columns), i * placed.stride);
    return placed;
  }

  /** Copies the matrix out, or of each row i what is left of and on the diagonal. */
  take({ address, stride }: Placed, to: Matrix, isLower = false): void {
    const entries = this.f64(address, to.rows * stride);
    for (let i = 0; i < to.rows; i++) {
      const from = i * stride;
      to.data.set(entries.subarray(from, from + (isLower ? i + 1 : to.columns)), i * to.columns);
    }
  }

  /** out += left right; of what is transposed, the transpose is taken. */
  addProduct(
    left: Placed & { isTransposed?: boolean },
    right: Placed & { isTransposed?: boolean },
    out: Placed,
    { rows, columns, depth }: { rows: number; columns: number; depth: number },
    shape: number = Shape.full,
  ): void {
    const slots: readonly (readonly [Product, number])[] = [
      [Product.left, left.address],
      [Product.leftRowBytes, 8 * left.stride],
      [Product.leftIsTransposed, left.isTransposed ? 1 : 0],
      [Product.right, right.address],
      [Product.rightRowBytes, 8 * right.stride],
      [Product.rightIsTransposed, right.isTransposed ? 1 : 0],
      [Product.out, out.address],
      [Product.outRowBytes, 8 * out.stride],
      [Product.rows, padded(rows)],
      [Product.columns, padded(columns)],
      [Product.depth, depth],
      [Product.shape, shape],
      [Product.isNegative, 0],
    ];
    const words = this.u32(this.#record, Product.bytes / 4);
    for (const [slot, value] of slots) words[slot / 4] = value;
    this.kernels.addProducts(this.#record, this.scratch);
  }
}

/** `count` rounded up to a multiple of 8. */
export function padded(count: number): number {
  return 8 * Math.ceil(count / 8);
}

let kept: Workbench | undefined;
let module: WebAssembly.Module | undefined;
let isRefused = false;

/**
 * What `work` returns, on a workbench; null where there is none: the machine has no room for `numbers` f64, or the page may not
 * compile so much at once. Then the plain loops give the same bits.
 */
export function onWorkbench<T>(numbers: number, work: (bench: Workbench) => T): T | null {
  if (isRefused || 8 * numbers + Packed.bytes > mostBytes) return null;
  const bench = kept ?? newWorkbench();
  if (!bench) return null;
  // While it is in use there is no other: `work` may ask for one of its own.
  kept = undefined;
  bench.clear();
  try {
    bench.allocate(8 * numbers);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  bench.clear();
  const result = work(bench);
  if (!bench.isLarge) kept = bench;
  return result;
}

/** One that nobody else uses; undefined where there can be none. */
export function newWorkbench(): Workbench | undefined {
  if (isRefused) return undefined;
  try {
    module ??= new WebAssembly.Module(inflateSync(bytesOf(deflatedLinalg), { out: new Uint8Array(numBytes) }));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    return new Workbench(exports as unknown as Kernels, memory);
  } catch (error) {
    // Out of address space, or a page that compiles no more than 4 KB at once: neither is worth a second attempt.
    if (!(error instanceof RangeError || error instanceof WebAssembly.CompileError)) throw error;
    isRefused = true;
    return undefined;
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
