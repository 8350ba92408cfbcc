import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { densityCells, densityOf, paintDensity } from "./density.ts";

const random = createRandom(3, 0, 9);
const drawn = (draw: () => number) => [0, 1].map(() => Float64Array.from({ length: 1000 }, draw));

it("rises to the middle of normal draws, and from the left of skewed ones", () => {
  const normal = densityOf(drawn(() => random.normal()))!;
  expect(normal.bars).toHaveLength(densityCells);
  expect("▇█").toContain(normal.bars[5]);
  expect("▁▂").toContain(normal.bars[0]);
  expect("▁▂").toContain(normal.bars[11]);
  expect(normal.low).toBeLessThan(-2);
  const skewed = densityOf(drawn(() => -Math.log(random.uniform())))!;
  expect(skewed.bars[0]).toBe("█");
  expect("▁▂").toContain(skewed.bars[11]);
});

it("shows two modes, and leaves out where nothing is", () => {
  const { bars } = densityOf(drawn(() => (random.uniform() < 0.5 ? 0 : 10) + random.uniform()))!;
  expect(bars.slice(2, 10)).toBe(" ".repeat(8));
  expect([bars[0], bars[11]]).not.toContain(" ");
});

it("is not stretched by a draw far out, and there is none of equal draws", () => {
  const draws = drawn(() => random.normal());
  draws[0][0] = 1e6;
  expect(densityOf(draws)!.high).toBeLessThan(4);
  expect(densityOf([new Float64Array(50).fill(2)])).toBeUndefined();
});

it("dims what is beyond 0, as wide as before", () => {
  const density = { bars: "▁▂▃▄▅▆▇█▇▅▃▁", low: -1, high: 3 };
  const painted = paintDensity(density, 1.2);
  expect(stripVTControlCharacters(painted)).toBe(density.bars);
  expect(painted.indexOf("▁▂▃")).toBeLessThan(painted.indexOf("▄▅▆▇█▇▅▃▁"));
  expect(stripVTControlCharacters(paintDensity({ ...density, low: 1, high: 2 }, 1.5))).toBe(density.bars);
});
