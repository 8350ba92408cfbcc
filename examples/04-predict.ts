// Predictions with intervals, and how good they are: half of the rows are fitted, the other half is predicted.
import { fit } from "ornstein";

const rows = Array.from({ length: 2000 }, (_, n) => {
  const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
  const city = ["Rome", "Oslo", "Lima"][n % 3];
  const noise = Math.sin(12.9898 * n * n) + Math.sin(78.233 * n * n);
  return { x, city, y: 1 + 2 * x + (n % 3) + noise };
});

const posterior = await fit({ data: rows.slice(0, 1000), formula: "y ~ x + city" }, { seed: 1 });
const { columns, scores } = await posterior.predict(rows.slice(1000), { interval: 0.9 });

for (let n = 0; n < 3; n++) {
  const [mean, low, high] = [columns.mean, columns.predictive_low, columns.predictive_high].map((c) => Number(c[n]));
  console.log(
    `y = ${rows[1000 + n].y.toFixed(2)}, predicted ${mean.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
  );
}
if (scores && "coverage" in scores) {
  const { level, observed } = scores.coverage[2];
  console.log(`${100 * level} % intervals hold ${(100 * observed).toFixed(1)} % of ${scores.rows} targets`);
  console.log(
    `log score ${scores.logScore.toFixed(3)} ± ${scores.logScoreError?.toFixed(3)}, rmse ${scores.rmse.toFixed(3)}`,
  );
}
// A city that no row of the fit has is an error, unless it is to count as the reference.
const { columns: unknown } = await posterior.predict([{ x: 0, city: "Paris" }], { unknownLevels: "reference" });
console.log(`somewhere else: ${Number(unknown.mean[0]).toFixed(2)}`);
