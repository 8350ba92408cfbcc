import fc from "fast-check";
import { expect, test } from "vitest";
import { multiplyVector } from "../linalg/matrix.ts";
import type { DesignColumn } from "./design-types.ts";
import { originalScale } from "./standardise.ts";

const number = fc.double({ min: -10, max: 10, noNaN: true });
const positive = fc.double({ min: 0.1, max: 10 });

function column(name: string, mean: number, scale: number): DesignColumn {
  return { name, term: name, mean, scale, isIntercept: name === "Intercept", isIndicator: false };
}

const design = fc
  .record({
    places: fc.array(fc.tuple(number, positive, number, number), { minLength: 1, maxLength: 5 }),
    intercept: fc.boolean(),
    mean: number,
    scale: positive,
    b0: number,
  })
  .map(({ places, intercept, mean, scale, b0 }) => ({
    columns: [...places.map(([m, s], j) => column(`x${j}`, m, s)), ...(intercept ? [column("Intercept", 0, 1)] : [])],
    target: { name: "y", kind: "number" as const, mean, scale },
    values: places.map(([, , x]) => x),
    b: [...places.map(([, , , b]) => b), ...(intercept ? [b0] : [])],
    intercept,
  }));

test("both scales predict the same, and the maps invert each other", () => {
  fc.assert(
    fc.property(design, ({ columns, target, values, b, intercept }) => {
      const map = originalScale({ columns, target });
      const beta = map.toOriginal(b);
      const standardized = values.reduce(
        (sum, x, j) => sum + (b[j] * (x - columns[j].mean)) / columns[j].scale,
        intercept ? b[values.length] : 0,
      );
      const centre = intercept
        ? beta[values.length]
        : target.mean - values.reduce((sum, _, j) => sum + beta[j] * columns[j].mean, 0);
      const original = values.reduce((sum, x, j) => sum + beta[j] * x, centre);
      expect(original).toBeCloseTo(target.mean + target.scale * standardized, 6);
      map.toStandardized(beta).forEach((value, j) => {
        expect(value).toBeCloseTo(b[j], 8);
      });
      multiplyVector(map.matrix, b).forEach((value, j) => {
        expect(value + map.shift[j]).toBeCloseTo(beta[j], 8);
      });
    }),
    { seed: 1 },
  );
});
