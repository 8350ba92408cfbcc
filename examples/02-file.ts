// Logistic regression from a Parquet file, on all cores: which flights are late?
import { fit } from "ornstein/node";

const posterior = await fit(
  {
    sql: "select delay > 15 as late, distance / 1000 as distance, dayname(date) as weekday from 'node_modules/vega-datasets/data/flights-3m.parquet' limit 100000",
    formula: "late ~ distance + weekday",
  },
  { seed: 1 },
);

const distance = posterior.coefficients.find(({ name }) => name === "distance");
console.log(`log-odds per 1000 miles: ${distance?.mean.toFixed(3)} ± ${distance?.sd.toFixed(3)}`);
console.log(`certificate: ${posterior.certificate.verdict}`);
