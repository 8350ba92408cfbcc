import { expect, it } from "vitest";
import { gaussHermite } from "../linalg/gauss-hermite.ts";
import { matrix, matrixFromRows } from "../linalg/matrix.ts";
import {
  changeByThirds,
  contractMatrix,
  contractVector,
  expandOver,
  symmetricTensor,
  transformTensor,
} from "./third-order.ts";

/** T = Σ_s c_s v_s ⊗ v_s ⊗ v_s */
const vectors = [
  [0.3, -0.2],
  [0.1, 0.4],
];
const tensor = symmetricTensor(2);
for (const v of vectors)
  for (let j = 0; j < 2; j++)
    for (let k = 0; k < 2; k++) for (let l = 0; l < 2; l++) tensor.data[(j * 2 + k) * 2 + l] += v[j] * v[k] * v[l];
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => a[0] * b[0] + a[1] * b[1];

it("contracts and transforms as its vectors do", () => {
  const u = [1.5, -0.7];
  const b = matrixFromRows([
    [2, 0.3],
    [0.3, 1],
  ]);
  const ofVector = contractVector(tensor, u).data;
  const ofMatrix = contractMatrix(tensor, b);
  for (let j = 0; j < 2; j++) {
    for (let k = 0; k < 2; k++)
      expect(ofVector[j * 2 + k]).toBeCloseTo(
        vectors.reduce((sum, v) => sum + dot(v, u) * v[j] * v[k], 0),
        12,
      );
    const square = (v: number[]) => 2 * v[0] ** 2 + 2 * 0.3 * v[0] * v[1] + v[1] ** 2;
    expect(ofMatrix[j]).toBeCloseTo(
      vectors.reduce((sum, v) => sum + square(v) * v[j], 0),
      12,
    );
  }
  const f = matrixFromRows([
    [1.2, 0],
    [0.5, 0.8],
  ]);
  const moved = transformTensor(tensor, f).data;
  const inF = vectors.map((v) => [1.2 * v[0] + 0.5 * v[1], 0.8 * v[1]]);
  for (let j = 0; j < 2; j++)
    for (let k = 0; k < 2; k++)
      for (let l = 0; l < 2; l++)
        expect(moved[(j * 2 + k) * 2 + l]).toBeCloseTo(
          inF.reduce((sum, v) => sum + v[j] * v[k] * v[l], 0),
          12,
        );
});

// One dimension: U' = u + ½ T (u² − 1), U'' = 1 + T u, averaged over N(m, w) by quadrature.
const one = symmetricTensor(1, Float64Array.of(0.4));
const law = { mean: [1.3], covariance: matrix(1, 1, Float64Array.of(0.6)) };

it("averages slope and curvature over a law", () => {
  const { nodes, weights } = gaussHermite(20);
  const average = (f: (u: number) => number) =>
    Array.from(nodes, (t, k) => weights[k] * f(law.mean[0] + Math.sqrt(0.6) * t)).reduce((a, b) => a + b, 0);
  const { gradient, curvature } = expandOver(one, law);
  expect(gradient[0]).toBeCloseTo(
    average((u) => u + 0.2 * (u * u - 1)),
    10,
  );
  expect(curvature.data[0]).toBeCloseTo(
    average((u) => 1 + 0.4 * u),
    10,
  );
  const still = expandOver(one, { mean: [0], covariance: matrix(1, 1, Float64Array.of(1)) });
  expect([still.gradient[0], still.curvature.data[0]]).toEqual([0, 1]);
});

it("says how far a law moves by them", () => {
  const { mean, covariance } = changeByThirds(one, law);
  expect(mean[0]).toBeCloseTo(-0.5 * 0.6 * 0.4 * (1.3 ** 2 + 0.6 - 1), 12);
  expect(covariance.data[0]).toBeCloseTo(-(0.6 ** 2) * 0.4 * 1.3, 12);
});
