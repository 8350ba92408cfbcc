import { InputError } from "../../errors.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import { formatCount } from "../../table/table-source.ts";

/** How rows are shared out among folds. */
export interface FoldPlan {
  /** K */
  readonly count: number;
  /** What each row's group stands for: what stays together, or what every fold has its share of; absent for neither. */
  readonly by?: "together" | "shared";
}

/**
 * A fold from 0 for each row: K parts as equal as can be. Rows that stay together go to the fold with the fewest rows so far, largest
 * groups first; of what is shared out every fold gets as much, or one more.
 *
 * @param groups a number for each row
 * @throws InputError where there are fewer rows, or groups that stay together, than folds
 */
export function foldsOf(groups: Int32Array, { count, by }: FoldPlan, random: Xoshiro): Int32Array {
  const rows = shuffled(groups.length, random);
  if (by === "together") return togetherFolds(groups, rows, count);
  if (groups.length < count) throw tooFew(`${formatCount(groups.length)} rows`, count);
  // Those of a group one after the other, so that dealing them out in turn shares each out.
  const order = by === "shared" ? rows.sort((a, b) => groups[a] - groups[b]) : rows;
  const folds = new Int32Array(groups.length);
  order.forEach((row, place) => {
    folds[row] = place % count;
  });
  return folds;
}

function togetherFolds(groups: Int32Array, rows: readonly number[], count: number): Int32Array {
  const sizes = new Map<number, number>();
  // In the order of shuffled rows, so that groups of one size are in a random order.
  for (const row of rows) sizes.set(groups[row], (sizes.get(groups[row]) ?? 0) + 1);
  if (sizes.size < count) throw tooFew(`${formatCount(sizes.size)} values of --fold-by`, count);
  const filled = new Float64Array(count);
  const foldOf = new Map<number, number>();
  for (const [group, size] of [...sizes].sort((a, b) => b[1] - a[1])) {
    const fold = filled.indexOf(Math.min(...filled));
    foldOf.set(group, fold);
    filled[fold] += size;
  }
  return groups.map((group) => foldOf.get(group)!);
}

const tooFew = (what: string, count: number) =>
  new InputError(`There are ${what} and ${formatCount(count)} folds: give a smaller --k-fold.`);

/** The numbers 0 to count − 1 in a random order (Fisher & Yates). */
function shuffled(count: number, random: Xoshiro): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
