import { createRandom } from "../src/rng/xoshiro.ts";

const rows = 4000;
const quarters = ["Harbour", "Market", "North", "Old town", "Station"];
const effects = [0.5, 0.1, -0.6, -0.2, 0.3];

/** Simulated rides of a bicycle hire, as a CSV: whether a ride is late, with what a person would explain that by. */
export function exampleFile(): File {
  const random = createRandom(1, 0, 1);
  const lines = ["late,distance,hour,rain,quarter,day"];
  for (let n = 0; n < rows; n++) {
    const distance = Math.exp(0.8 + 0.5 * random.normal());
    const hour = 6 + Math.floor(16 * random.uniform());
    const rain = Math.max(0, 2 * random.normal() - 0.5);
    const k = Math.floor(quarters.length * random.uniform());
    const predictor = -1.6 + 0.9 * Math.log(distance) + 0.25 * rain + effects[k] + (hour > 7 && hour < 10 ? 0.7 : 0);
    const isLate = random.uniform() < 1 / (1 + Math.exp(-predictor));
    const day = new Date(Date.UTC(2024, 0, 1 + Math.floor(365 * random.uniform()))).toISOString().slice(0, 10);
    const measured = random.uniform() < 0.01 ? "" : rain.toFixed(1);
    lines.push([isLate, distance.toFixed(2), hour, measured, quarters[k], day].join(","));
  }
  return new File([`${lines.join("\n")}\n`], "rides.csv", { type: "text/csv" });
}
