import fc from "fast-check";
import { expect, test } from "vitest";
import { multiplyVector } from "../../linalg/matrix.ts";
import type { DesignColumn } from "../design-types.ts";
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
    // Without an intercept nothing is centred.
    columns: [
      ...places.map(([m, s], j) => column(`x${j}`, intercept ? m : 0, s)),
      ...(intercept ? [column("Intercept", 0, 1)] : []),
    ],
    target: { name: "y", kind: "number" as const, mean: intercept ? mean : 0, scale },
    values: places.map(([, , x]) => x),
    b: [...places.map(([, , , b]) => b), ...(intercept ? [b0] : [])],
    intercept,
  }));

test("both scales predict the same", () => {
  fc.assert(
    fc.property(design, ({ columns, target, values, b, intercept }) => {
      const map = originalScale({ columns, target });
      const beta = map.toOriginal(b);
      const standardized = values.reduce(
        (sum, x, j) => sum + (b[j] * (x - columns[j].mean)) / columns[j].scale,
        intercept ? b[values.length] : 0,
      );
      const original = values.reduce((sum, x, j) => sum + beta[j] * x, intercept ? beta[values.length] : 0);
      expect(original).toBeCloseTo(target.mean + target.scale * standardized, 6);
      multiplyVector(map.matrix, b).forEach((value, j) => {
        expect(value + map.shift[j]).toBeCloseTo(beta[j], 8);
      });
    }),
    { seed: 1 },
  );
});
