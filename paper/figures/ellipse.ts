import { cholesky } from "../../src/linalg/cholesky.ts";
import type { Matrix } from "../../src/linalg/matrix.ts";

/** Outline of {μ + r L e : |e| = 1}, Σ = L Lᵀ of size 2: the ellipse of `radius` standard deviations. */
export function ellipse(covariance: Matrix, center: ArrayLike<number>, radius: number): { x: number; y: number }[] {
  const l = cholesky(covariance).data;
  const points = 72;
  return Array.from({ length: points + 1 }, (_, k) => {
    const angle = (2 * Math.PI * k) / points;
    const [a, b] = [radius * Math.cos(angle), radius * Math.sin(angle)];
    return { x: center[0] + l[0] * a, y: center[1] + l[2] * a + l[3] * b };
  });
}
