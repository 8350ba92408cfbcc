import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exportFit, importFit } from "../../src/index.ts";
import { type FitInput, fit, predict } from "../../src/node.ts";
import { commandFolder } from "./command.ts";

// Targets of trials, by the command and by the library, against maximum likelihood: with a prior of sd 1000 the Laplace
// sampler draws from the normal law at the maximum.
const { at: inFolder, ornstein } = commandFolder("trials");
const school = {
  pass: [12, 15, 9, 18, 14, 20, 7, 16],
  size: [20, 22, 19, 21, 25, 23, 18, 24],
  salary: [3.1, 3.6, 2.8, 4.4, 3.0, 4.9, 2.5, 3.9],
};
/** Contagious bovine pleuropneumonia in 15 herds (Lesnoff et al. 2004), as in lme4's cbpp. */
const cbpp = {
  incidence: [
    2, 3, 4, 0, 3, 1, 1, 8, 2, 0, 2, 2, 0, 2, 0, 5, 0, 0, 1, 3, 0, 0, 1, 8, 1, 3, 0, 12, 2, 0, 0, 0, 1, 1, 0, 2, 0, 5,
    3, 1, 2, 1, 0, 0, 1, 2, 0, 0, 11, 0, 0, 0, 1, 1, 1, 0,
  ],
  size: [
    14, 12, 9, 5, 22, 18, 21, 22, 16, 16, 20, 10, 10, 9, 6, 18, 25, 24, 4, 17, 17, 18, 20, 16, 10, 9, 5, 34, 9, 6, 8, 6,
    22, 22, 18, 22, 25, 27, 22, 22, 10, 8, 6, 5, 21, 24, 19, 23, 19, 2, 3, 2, 19, 15, 15, 15,
  ],
  period: [..."12341231234123412341234123411234123412341234123412341234"].map((digit) => `p${digit}`),
};

function csvOf(columns: Readonly<Record<string, readonly (number | string)[]>>): string {
  const names = Object.keys(columns);
  return [names.join(), ...columns[names[0]].map((_, n) => names.map((name) => columns[name][n]).join())].join("\n");
}

/** Maximum of the likelihood of the binomial law and the inverse of minus its Hessian, by Newton's method in two columns. */
function maximumOf(x: readonly number[], y: readonly number[], n: readonly number[]) {
  let [a, b] = [0, 0];
  let information = [1, 0, 1];
  for (let step = 0; step < 30; step++) {
    const gradient = [0, 0];
    information = [0, 0, 0];
    x.forEach((value, i) => {
      const p = 1 / (1 + Math.exp(-a - b * value));
      const weight = n[i] * p * (1 - p);
      gradient[0] += y[i] - n[i] * p;
      gradient[1] += (y[i] - n[i] * p) * value;
      information[0] += weight;
      information[1] += weight * value;
      information[2] += weight * value * value;
    });
    const [p, q, r] = information;
    a += (r * gradient[0] - q * gradient[1]) / (p * r - q * q);
    b += (p * gradient[1] - q * gradient[0]) / (p * r - q * q);
  }
  const [p, q, r] = information;
  return { intercept: [a, Math.sqrt(r / (p * r - q * q))], slope: [b, Math.sqrt(p / (p * r - q * q))] } as const;
}

interface Told {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
}

/** Within 4.5 standard errors of 4000 independent draws. */
function expectLaw(coefficients: readonly Told[], name: string, [mean, sd]: readonly [number, number]): void {
  const found = coefficients.find((coefficient) => coefficient.name === name)!;
  expect(Math.abs(found.mean - mean) / sd, name).toBeLessThan(4.5 / Math.sqrt(4000));
  expect(Math.abs(found.sd / sd - 1), name).toBeLessThan(4.5 / Math.sqrt(2 * 4000));
}

const wide = { sampler: "laplace", prior: "normal(0, 1000)", seed: 5 } as const;
const laplace = (data: object, formula: string, more: object = {}) =>
  fit({ data, formula } as FitInput, { ...wide, ...more });

describe("maximum likelihood", () => {
  const { slope, intercept } = maximumOf(school.salary, school.pass, school.size);

  it("of the school is 0.959 ± 0.244", () => {
    expect(slope.map((value) => value.toFixed(3))).toEqual(["0.959", "0.244"]);
  });

  it("is what the command finds", async () => {
    writeFileSync(inFolder("school.csv"), csvOf(school));
    for (const target of ["pass | trials(size)", "cbind(pass, size - pass)"]) {
      const options = ["--sampler", "laplace", "--prior", "normal(0, 1000)", "--quiet", "--json", "fit.json"];
      const run = await ornstein("fit", "school.csv", "-f", `${target} ~ salary`, ...options);
      expect(run.stderr).toBe("");
      expect(run.stdout).toContain(`${target} ~ salary   [binomial]`);
      const { coefficients, family, data } = JSON.parse(readFileSync(inFolder("fit.json"), "utf8"));
      expect([family, data.target, data.rows]).toEqual(["binomial", target, 8]);
      expectLaw(coefficients, "salary", slope);
      expectLaw(coefficients, "Intercept", intercept);
    }
  });

  it("is what the library finds, of counts and of the same trials one by one, weighted or not", async () => {
    const counts = await laplace(school, "pass | trials(size) ~ salary");
    expectLaw(counts.coefficients, "salary", slope);
    const single = school.size.flatMap((size, n) =>
      Array.from({ length: size }, (_, k) => ({ won: k < school.pass[n], salary: school.salary[n] })),
    );
    const expanded = await laplace(single, "won ~ salary");
    expect(expanded.family).toBe("bernoulli");
    expectLaw(expanded.coefficients, "salary", slope);
    expectLaw(expanded.coefficients, "Intercept", intercept);
    const { pass: y, size: trials } = school;
    const arrays = await fit({ x: school.salary.map((salary) => [salary]), y, trials, names: ["salary"] }, wide);
    expect(arrays.formula).toBe("y | trials(trials) ~ salary");
    expectLaw(arrays.coefficients, "salary", slope);
    const twice = await laplace({ ...school, w: school.size.map(() => 2) }, "pass | trials(size) ~ salary", {
      weights: "w",
    });
    expectLaw(twice.coefficients, "salary", [slope[0], slope[1] / Math.SQRT2]);
  });

  it("of cbpp, period by period, is its herds' share of cases", async () => {
    const { coefficients } = await laplace(cbpp, "incidence | trials(size) ~ 0 + period");
    for (const period of ["p1", "p2", "p3", "p4"]) {
      const of = (values: readonly number[]) =>
        values.reduce((sum, value, n) => sum + (cbpp.period[n] === period ? value : 0), 0);
      const [y, n] = [of(cbpp.incidence), of(cbpp.size)];
      expectLaw(coefficients, `period[${period}]`, [Math.log(y / (n - y)), Math.sqrt(1 / y + 1 / (n - y))]);
    }
  });
});

describe("draws", () => {
  it("of counts and of the same trials one by one are of one posterior", async () => {
    const single = school.size.flatMap((size, n) =>
      Array.from({ length: size }, (_, k) => ({ won: k < school.pass[n], salary: school.salary[n] })),
    );
    const options = { sampler: "nuts", prior: "normal(0, 3)", standardize: "none", seed: 3 } as const;
    const counts = await fit({ data: school, formula: "pass | trials(size) ~ salary" }, options);
    const expanded = await fit({ data: single, formula: "won ~ salary" }, options);
    counts.coefficients.forEach((coefficient, k) => {
      const other = expanded.coefficients[k];
      expect(coefficient.name).toBe(other.name);
      const error = 4.5 * Math.hypot(coefficient.mcse_mean!, other.mcse_mean!);
      expect(Math.abs(coefficient.mean - other.mean)).toBeLessThan(error);
      const effective = Math.min(coefficient.ess_bulk!, other.ess_bulk!);
      expect(Math.abs(coefficient.sd / other.sd - 1)).toBeLessThan(4.5 * Math.sqrt(1 / effective));
    });
  });
});

describe("predictions", () => {
  it("are of probabilities, and of counts where the trials are known", async () => {
    const posterior = await laplace(school, "pass | trials(size) ~ salary");
    const restored = await importFit(await exportFit(posterior));
    const { columns, ...summary } = await predict(restored, school, { draws: 5 });
    expect(Object.keys(columns)).toEqual([
      ...["probability", "sd", "probability_low", "probability_high", "predictive_low", "predictive_high"],
      ...[1, 2, 3, 4, 5].map((d) => `draw_${d}`),
    ]);
    const { intercept, slope } = maximumOf(school.salary, school.pass, school.size);
    school.salary.forEach((salary, n) => {
      const at = (name: string) => (columns[name] as Float64Array)[n];
      const p = 1 / (1 + Math.exp(-intercept[0] - slope[0] * salary));
      expect(Math.abs(at("probability") - p)).toBeLessThan(0.5 * at("sd"));
      for (const name of ["predictive_low", "predictive_high", "draw_1", "draw_5"]) {
        expect(at(name)).toBeGreaterThanOrEqual(0);
        expect(at(name)).toBeLessThanOrEqual(school.size[n]);
      }
      expect(at("predictive_low")).toBeLessThan(school.size[n] * p);
      expect(at("predictive_high")).toBeGreaterThan(school.size[n] * p);
      expect(Number.isInteger(at("draw_3"))).toBe(true);
    });
    expect(summary.scores?.rows).toBe(8);
    // A binomial density of a well-fitted row of 20 trials is about 0.18.
    expect(summary.scores?.logScore).toBeGreaterThan(Math.log(0.1));
    expect(summary.scores?.logScore).toBeLessThan(Math.log(0.25));
  });

  it("without trials are of probabilities alone, and draws of counts are refused", async () => {
    const posterior = await laplace(school, "pass | trials(size) ~ salary");
    const data = { salary: [3, 4] };
    const { columns, ...summary } = await predict(posterior, data);
    expect(Object.keys(columns)).toEqual(["probability", "sd", "probability_low", "probability_high"]);
    expect(summary.scores).toBeUndefined();
    await expect(predict(posterior, data, { draws: 2 })).rejects.toThrow("the data do not say of how many trials");
  });

  it("leave out of the scores what cannot be, and say so", async () => {
    const posterior = await laplace(school, "pass | trials(size) ~ salary");
    const data = { pass: [5, 9, 3, null], size: [10, 8, 0, 5], salary: [3, 3, 3, 3] };
    const { columns, ...summary } = await predict(posterior, data);
    expect(summary.scores?.rows).toBe(1);
    expect(summary.warnings.join()).toContain("2 rows left out of the scores: no more trials succeed than there are");
    expect((columns.predictive_high as Float64Array)[3]).toBeGreaterThan(0);
  });
});
