// The paper's sampler: constant-rate SGD whose step makes its stationary law the posterior, and what it predicts.
import { fit } from "ornstein";

const x = Array.from({ length: 2000 }, (_, n) => [Math.sin(3.1 * n), Math.cos(1.3 * n) ** 3]);
const y = x.map(([a, b], n) => ((Math.sin(12.9898 * n) * 43758.5453) % 1 < 0.6 * a - 0.8 * b ? 1 : 0));

for (const preconditioner of ["scalar", "full", "full-exact"] as const) {
  const { certificate, settings } = await fit({ x, y }, { sampler: "constant-sgd", preconditioner, seed: 1 });
  const { predicted, measured } = certificate.klToLaplace;
  console.log(
    `${preconditioner.padEnd(10)} rate ${settings.learningRate?.toPrecision(3)}  KL ${predicted?.toFixed(4)} predicted, ${measured?.toFixed(4)} measured`,
  );
}
