/** Bytes of scratch memory for one task of passRows; the same as in kernels/pass-scratch.ts. */
export function passScratchBytes(_dimension: number, paddedColumns: number): number {
  const padded = paddedColumns + 8;
  return 2560 + 4 * padded * 8 + padded * 64 * 4 + paddedColumns * paddedColumns * 8;
}

/** Bytes of scratch memory for one task of influenceRows. */
export function influenceScratchBytes(dimension: number, paddedColumns: number): number {
  return passScratchBytes(dimension, paddedColumns);
}

/** Bytes of scratch memory for one chain, whatever its batch size; the same as in kernels/chain-scratch.ts. */
export function chainScratchBytes(_dimension: number, paddedColumns: number, _batchSize?: number): number {
  const padded = paddedColumns + 8;
  return 9600 + 3 * padded * 4 + 15 * padded * 8;
}
