import { isWide } from "../design/wide.ts";
import { InputError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { formatCount } from "../table/table.ts";
import type { ResolvedOptions } from "./options/options.ts";

/**
 * The largest number of bytes for one number of a draw: position and interval mean as the kernels write them, their
 * copies, both on the data's scale, and the summary's working arrays. With very many parameters, only single-precision
 * positions.
 */
const bytesPerNumber = { usual: 64, wide: 16 };
/** The kernels' part of these bytes. */
const kernelBytesPerNumber = 16;

/** @throws InputError if the draws of all chains would not fit into memory, with the number that would */
export function requireRoomForDraws(
  { memory, dimension }: Pick<Model, "memory" | "dimension">,
  { chains, draws }: Pick<ResolvedOptions, "chains" | "draws">,
): void {
  const perNumber = isWide(dimension) ? bytesPerNumber.wide : bytesPerNumber.usual;
  const free = memory.freeBytes();
  const inKernels = (memory.maximumBytes - memory.mark()) / kernelBytesPerNumber;
  const most = Math.floor(Math.min(free / perNumber, inKernels) / (chains * dimension));
  if (draws <= most) return;
  const needed = chains * draws * dimension * perNumber;
  const fitting =
    most >= 4 ? `at most --draws ${formatCount(most)} fit` : "fewer --chains, or fewer coefficients, are needed";
  throw new InputError(
    `${formatCount(chains)} chains of ${formatCount(draws)} draws of ${formatCount(dimension)} ${dimension === 1 ? "parameter" : "parameters"} take ${gigabytes(needed)} GB of memory, and there is room for ${gigabytes(Math.min(free, inKernels * perNumber))} GB; ${fitting}.`,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toLocaleString("en", { maximumSignificantDigits: 3 });
}
