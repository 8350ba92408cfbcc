import { curvatureKind } from "../../design/curvature-kind.ts";
import { InputError } from "../../errors.ts";
import type { Model } from "../../models/model.ts";
import type { ResolvedOptions } from "../../options/resolve-options.ts";
import { formatCount } from "../../table/table-source.ts";

/**
 * Bytes that a number of a draw takes at its most: position and interval mean as the kernels write them, their copies, both on the
 * data's scale, and what the summary of a coefficient makes of them; where no matrices of all pairs are held, single-precision positions alone.
 */
const bytesPerNumber = { dense: 64, "low-rank": 16 };
/** Of these the kernels' own. */
const kernelBytesPerNumber = 16;

/**
 * @param isWhole whether there are no more parameters than that; while rows are read there may be
 * @throws InputError if the draws of all chains would not fit into memory, with the number that would where it is known
 */
export function requireRoomForDraws(
  { memory, dimension, isWhole = true }: Pick<Model, "memory" | "dimension"> & { readonly isWhole?: boolean },
  { chains, draws }: Pick<ResolvedOptions, "chains" | "draws">,
): void {
  // With more of them, each takes less.
  const perNumber = bytesPerNumber[isWhole ? curvatureKind(dimension) : "low-rank"];
  const free = memory.freeBytes();
  const inKernels = (memory.maximumBytes - memory.mark()) / kernelBytesPerNumber;
  const most = Math.floor(Math.min(free / perNumber, inKernels) / (chains * dimension));
  if (draws <= most) return;
  const needed = chains * draws * dimension * perNumber;
  const [atLeast, remedy] = !isWhole
    ? ["at least ", "fewer --draws are needed, or fewer coefficients"]
    : most >= 4
      ? ["", `at most --draws ${formatCount(most)} fit`]
      : ["", "fewer --chains, or fewer coefficients, are needed"];
  throw new InputError(
    `${formatCount(chains)} chains of ${formatCount(draws)} draws of ${atLeast}${formatCount(dimension)} ${dimension === 1 ? "parameter" : "parameters"} take ${gigabytes(needed)} GB of memory, and there is room for ${gigabytes(Math.min(free, inKernels * perNumber))} GB; ${remedy}.`,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toLocaleString("en", { maximumSignificantDigits: 3 });
}
