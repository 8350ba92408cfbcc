// A model of your own: a dose–response curve, P(y = 1) = 1/(1 + (ED50/dose)^slope), its loss and gradient written by hand.
import { customModel, sampleModel } from "ornstein";

const dose = Array.from({ length: 600 }, (_, n) => 0.1 * 1.6 ** (n % 12));
const answers = (n: number) => (0.618034 * n) % 1 < 1 / (1 + (1.5 / dose[n]) ** 1.8);

const model = customModel({
  dimension: 2,
  numRows: dose.length,
  names: ["log_ed50", "slope"],
  prior: { mean: 0, sd: 3 },
  start: [0, 1],
  // The mean over the rows of −log p(y_n | θ), and of its gradient.
  lossAndGradient([logEd50, slope], rows) {
    let loss = 0;
    const gradient = [0, 0];
    for (const n of rows) {
      const distance = Math.log(dose[n]) - logEd50;
      const eta = slope * distance;
      const error = 1 / (1 + Math.exp(-eta)) - Number(answers(n));
      loss += (Math.log1p(Math.exp(eta)) - Number(answers(n)) * eta) / rows.length;
      gradient[0] -= (error * slope) / rows.length;
      gradient[1] += (error * distance) / rows.length;
    }
    return { loss, gradient };
  },
});

const posterior = await sampleModel(model, { seed: 1, draws: 2000 });
for (const { name, mean, sd } of posterior.coefficients)
  console.log(`${name.padEnd(9)} ${mean.toFixed(3)} ± ${sd.toFixed(3)}`);
console.log(`${posterior.settings.because}\ncertificate: ${posterior.certificate.verdict}`);
