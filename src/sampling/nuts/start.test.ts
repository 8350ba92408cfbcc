import { expect, it } from "vitest";
import { ZeroDensityError } from "../../models/custom-functions.ts";
import { mostRiseOf, startBetween } from "./start.ts";

/** ½ z², and a wall beyond 1. */
const wall = async (z: ArrayLike<number>) => ({
  loss: z[0] ** 2 / 2 + Math.exp(20 * (z[0] - 1)),
  gradient: Float64Array.of(z[0] + 20 * Math.exp(20 * (z[0] - 1))),
});
const center = Float64Array.of(0);
const mostRise = mostRiseOf(1);

it.each([
  [-4, -4],
  [1.1, 1.1],
  [4, 1],
  [9, 1.125],
])("from %f a chain begins at %f", async (dispersed, expected) => {
  const [start] = await startBetween(wall, center, Float64Array.of(dispersed), mostRise);
  expect(start).toBe(expected);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])("a loss of %f is no start, whatever the rise", async (loss) => {
  const beyond = async (z: ArrayLike<number>) => ({ loss: z[0] > 1 ? loss : 0, gradient: Float64Array.of(0) });
  expect(await startBetween(beyond, center, Float64Array.of(3), Number.POSITIVE_INFINITY)).toEqual(
    Float64Array.of(0.75),
  );
});

it("from nowhere else, a chain begins at the center", async () => {
  const point = async (z: ArrayLike<number>) => ({ loss: z[0] === 0 ? 0 : 1e9, gradient: Float64Array.of(0) });
  expect(await startBetween(point, center, Float64Array.of(3), mostRise)).toBe(center);
});

it("there is no start where the density is 0 at the center too", async () => {
  const nowhere = async () => ({ loss: Number.POSITIVE_INFINITY, gradient: Float64Array.of(0) });
  await expect(startBetween(nowhere, center, Float64Array.of(3), mostRise)).rejects.toThrow(ZeroDensityError);
});
