import { styleText } from "node:util";

/** A histogram of draws in one line of a terminal. */
export interface Density {
  /** A block for each cell, the higher the more draws are in it. */
  readonly bars: string;
  /** Where the first cell begins and the last one ends. */
  readonly low: number;
  readonly high: number;
}

export const densityCells = 12;
const heights = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/** More draws do not change twelve cells of eight heights. */
const enoughDraws = 4000;
/** The share of draws beyond each end, which one far draw would stretch. */
const beyond = 0.005;

/** Over all but the outermost draws; undefined where they are all the same. */
export function densityOf(chains: readonly Float64Array[]): Density | undefined {
  const draws = thinned(chains).sort();
  const cut = Math.floor(beyond * draws.length);
  const [low, high] = [draws[cut], draws[draws.length - 1 - cut]];
  if (!(high > low)) return undefined;
  const counts = new Float64Array(densityCells);
  for (const draw of draws) {
    const cell = Math.floor((densityCells * (draw - low)) / (high - low));
    if (draw >= low && draw <= high) counts[Math.min(densityCells - 1, cell)]++;
  }
  const most = Math.max(...counts);
  // A cell with few draws is seen too.
  const bars = Array.from(counts, (count) => heights[Math.ceil((8 * count) / most)]).join("");
  return { bars, low, high };
}

/** The bars, those beyond 0 from most of the draws dimmed. */
export function paintDensity({ bars, low, high }: Density, mean: number): string {
  const share = Math.min(1, Math.max(0, -low / (high - low)));
  const below = Math.round(share * densityCells);
  const [left, right] = [bars.slice(0, below), bars.slice(below)];
  const dim = (text: string) => styleText("dim", text);
  return mean > 0 ? dim(left) + styleText("cyan", right) : styleText("cyan", left) + dim(right);
}

function thinned(chains: readonly Float64Array[]): Float64Array {
  const total = chains.reduce((sum, { length }) => sum + length, 0);
  const step = Math.max(1, Math.ceil(total / enoughDraws));
  return Float64Array.from(chains.flatMap((chain) => Array.from(chain.filter((_, k) => k % step === 0))));
}
