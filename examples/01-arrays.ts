// A line through noisy points: arrays in, coefficients with intervals out. Runs in Node and in a browser alike.
import { fit } from "ornstein";

const x = Array.from({ length: 500 }, (_, n) => (n % 50) / 10);
const y = x.map((value, n) => 1 + 2 * value + Math.sin(1.7 * n));

const posterior = await fit({ data: { x, y }, formula: "y ~ x" }, { seed: 1 });

for (const { name, mean, sd } of posterior.coefficients) {
  console.log(`${name.padEnd(10)} ${mean.toFixed(3)} ± ${sd.toFixed(3)}`);
}
console.log(`certificate: ${posterior.certificate.verdict}`);
