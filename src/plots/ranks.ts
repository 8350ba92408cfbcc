import type { Posterior } from "../fit/posterior.ts";
import { type PanelOptions, panel, panelPicture } from "./panels.ts";
import { ink, palette } from "./style.ts";

const numBins = 20;

/**
 * How often each chain's draws are among the lowest twentieth of all draws, the next, and so on: where chains agree every share is
 * that of chance.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), rank plots.
 * @returns an SVG that stands by itself
 * @throws InputError where the fit has no parameter of a name, or the packages that draw are not installed
 */
export function plotRanks(
  fit: Pick<Posterior, "draws" | "coefficients" | "formula">,
  options: PanelOptions = {},
): Promise<string> {
  const caption =
    "Shares of each chain's draws by their rank among all draws, a colour for each chain: where chains agree they stay about the line; the band holds 95% of independent draws.";
  return panelPicture(fit, options, { title: `Ranks of ${fit.formula}`, caption }, (Plot, { chains, x, y }) => {
    const counts = rankCounts(chains);
    const expected = chains[0].length / numBins;
    const spread = 2 * Math.sqrt(expected * (1 - 1 / numBins));
    const most = Math.max(2 * expected, ...counts.flat());
    const at = (count: number) => y + panel.height * (1 - count / most);
    const across = (bin: number) => x + (panel.width * bin) / numBins;
    return [
      Plot.rect([0], {
        x1: x,
        x2: x + panel.width,
        y1: () => at(expected + spread),
        y2: () => at(Math.max(0, expected - spread)),
        fill: ink.line,
        fillOpacity: 0.6,
      }),
      Plot.line([x, x + panel.width], { x: (value) => value, y: () => at(expected), stroke: ink.faint }),
      ...counts.map((own, c) => {
        const steps = own.flatMap((count, bin) => [
          [across(bin), at(count)],
          [across(bin + 1), at(count)],
        ]);
        return Plot.line(steps, { stroke: palette[1 + (c % (palette.length - 1))], strokeWidth: 1.3 });
      }),
    ];
  });
}

/** By chain, how many of its draws are in each of `numBins` equal parts of all ranks. */
function rankCounts(chains: readonly Float64Array[]): number[][] {
  const all = chains
    .flatMap((chain, c) => Array.from(chain, (value) => ({ value, c })))
    .sort((a, b) => a.value - b.value);
  const counts = chains.map(() => new Array<number>(numBins).fill(0));
  all.forEach(({ c }, rank) => {
    counts[c][Math.floor((rank * numBins) / all.length)]++;
  });
  return counts;
}
