// Where the host writes the tables of the ziggurat, below the kernels' own constants. Compiled by AssemblyScript and by
// TypeScript alike.

/** Addresses of the ziggurat's tables (src/rng/ziggurat.ts). */
export const enum Ziggurat {
  /** 128 u32: a layer's uniform word is accepted at once where it is below this. */
  thresholds = 4096,
  /** 128 f64: width of a layer, over 2³². */
  scales = 4608,
  /** 129 f64: exp(−x²/2) at the layers' edges. */
  heights = 5632,
  end = 6664,
}

/** The first address that belongs to the host; the kernels' own constants stand below it. */
export const enum Memory {
  heapBase = 131072,
}
