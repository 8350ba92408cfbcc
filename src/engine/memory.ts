import { Memory } from "../../kernels/layout/tables.ts";

const pageBytes = 65_536;
/** wasm32 reaches 4 GiB; the last page stays free, for an end address of 2³² would wrap around to 0. */
const maxPages = 65_535;

/** The memory that kernels work on cannot be made as large as asked for. */
export class EngineMemoryError extends RangeError {
  override readonly name = "EngineMemoryError";
}

export interface EngineMemoryOptions {
  /** Share the memory between threads, where SharedArrayBuffer exists. Default false. */
  readonly shared?: boolean;
  /** Bytes it may grow to. Default and maximum: 4 GiB less one page. */
  readonly maximumBytes?: number;
  /** Bytes that the machine has to spare, for what a run holds beside this memory. Default: 2 GiB, as a page may have. */
  readonly freeBytes?: () => number;
}

const usuallyFree = 2 ** 31;

/**
 * One WebAssembly memory, given out from the bottom upwards and taken back in the reverse order. Addresses are byte
 * offsets. Views are made anew at every call: growing an unshared memory detaches the old ones, so do not keep them.
 */
export class EngineMemory {
  readonly memory: WebAssembly.Memory;
  readonly isShared: boolean;
  readonly maximumBytes: number;
  readonly freeBytes: () => number;
  #top: number = Memory.heapBase;

  constructor(options: EngineMemoryOptions = {}) {
    this.isShared = (options.shared ?? false) && typeof SharedArrayBuffer !== "undefined";
    this.freeBytes = options.freeBytes ?? (() => usuallyFree);
    const wanted = Math.floor((options.maximumBytes ?? Number.POSITIVE_INFINITY) / pageBytes);
    const maximum = Math.max(Memory.heapBase / pageBytes, Math.min(maxPages, wanted));
    this.maximumBytes = maximum * pageBytes;
    try {
      this.memory = new WebAssembly.Memory({ initial: Memory.heapBase / pageBytes, maximum, shared: this.isShared });
    } catch (cause) {
      throw new EngineMemoryError("No address space for the engine's memory could be reserved.", { cause });
    }
  }

  /**
   * Address of `bytes` new bytes, at a multiple of `alignment` (a power of two). They are zero only where they were
   * never given out before; `allocateF64` always clears its own.
   * @throws {EngineMemoryError} when the memory cannot grow that far.
   */
  allocate(bytes: number, alignment = 64): number {
    const address = Math.ceil(this.#top / alignment) * alignment;
    const end = address + bytes;
    // Written so that a NaN is refused, too.
    if (!(end <= this.maximumBytes)) {
      throw new EngineMemoryError(
        `The data need ${gibibytes(end)} GiB of memory, and the kernels reach only ${gibibytes(this.maximumBytes)} GiB.`,
      );
    }
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / pageBytes);
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch (cause) {
        throw new EngineMemoryError(`The system refused ${gibibytes(end)} GiB of memory.`, { cause });
      }
    }
    this.#top = end;
    return address;
  }

  /** Address of `length` f64, all zero. */
  allocateF64(length: number): number {
    const address = this.allocate(length * 8);
    this.f64(address, length).fill(0);
    return address;
  }

  /** Address of `bytes` bytes, all zero. */
  allocateZeroed(bytes: number): number {
    const address = this.allocate(bytes);
    this.u8(address, bytes).fill(0);
    return address;
  }

  /** Address of a copy of `values`, as f64. */
  putF64(values: ArrayLike<number>): number {
    const address = this.allocate(values.length * 8);
    this.f64(address, values.length).set(values);
    return address;
  }

  /** Address of a copy of `values`, as f32. */
  putF32(values: ArrayLike<number>): number {
    const address = this.allocate(values.length * 4);
    this.f32(address, values.length).set(values);
    return address;
  }

  /** Address of a copy of `values`, as u32. */
  putU32(values: ArrayLike<number>): number {
    const address = this.allocate(values.length * 4);
    this.u32(address, values.length).set(values);
    return address;
  }

  /** What is allocated from here on is taken back by `release`. */
  mark(): number {
    return this.#top;
  }

  /** Takes back everything allocated since `mark`; the addresses must not be used any more. */
  release(mark: number): void {
    if (mark > this.#top) throw new RangeError("This part of the memory was released already.");
    this.#top = mark;
  }

  f32(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer, address, length);
  }

  f64(address: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.memory.buffer, address, length);
  }

  u32(address: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.memory.buffer, address, length);
  }

  u8(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  /** Writes slot `slot` of the record at `record` (kernels/layout/). */
  setU32(record: number, slot: number, value: number): void {
    this.u32(record + 8 * slot, 1)[0] = value;
  }

  getU32(record: number, slot: number): number {
    return this.u32(record + 8 * slot, 1)[0];
  }

  setF64(record: number, slot: number, value: number): void {
    this.f64(record + 8 * slot, 1)[0] = value;
  }

  getF64(record: number, slot: number): number {
    return this.f64(record + 8 * slot, 1)[0];
  }
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(2);
}
