import { Weights } from "../../../kernels/layout.ts";

/** Bytes of scratch memory for one task of passRows; the same as in kernels/pass-scratch.ts. */
export function passScratchBytes(
  paddedColumns: number,
  outputs: number,
  weights: Weights,
  rows: "dense" | "sparse" = "dense",
  isDiagonal = false,
): number {
  if (rows === "sparse") {
    const pair = paddedColumns * (isDiagonal ? 2 : paddedColumns + 1);
    return passRowsOffset(paddedColumns, outputs) + (weights === Weights.none ? 0 : 4 * outputs * (outputs + 1) * pair);
  }
  const gram = weights === Weights.none || isDiagonal ? 0 : 4 * outputs * (outputs + 1) * paddedColumns ** 2;
  return passGramOffset(paddedColumns, outputs) + gram;
}

/** Head, five vectors, and three arrays of a block's rows for each output. */
function passRowsOffset(paddedColumns: number, outputs: number): number {
  return 3456 + 5 * (paddedColumns * outputs + 8) * 8 + 3 * outputs * 64 * 8;
}

/** The rows of a block after those. */
function passGramOffset(paddedColumns: number, outputs: number): number {
  return passRowsOffset(paddedColumns, outputs) + (paddedColumns + 8) * 64 * 4;
}

/** Bytes of scratch memory for one task of influenceRows; the same as in kernels/influence-softmax.ts. */
export function influenceScratchBytes(paddedColumns: number, outputs: number): number {
  const factor = 4 * (paddedColumns * outputs) ** 2;
  return (
    passGramOffset(paddedColumns, outputs) + factor + 8 * outputs * (outputs + 1) + 144 * outputs + 8 * outputs ** 2
  );
}

/** Bytes of scratch memory for one chain, whatever its batch size; the same as in kernels/chain-scratch.ts. */
export function chainScratchBytes(paddedColumns: number, outputs: number): number {
  const padded = paddedColumns * outputs + 8;
  return 11008 + 3 * padded * 4 + 19 * padded * 8 + 3 * outputs * 256 * 4;
}
