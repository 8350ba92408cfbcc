import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { fit } from "../fit-inline.ts";
import { posteriorToJson } from "../summary/to-json.ts";

/** Few draws, made without pilot runs. */
const short = { sampler: "laplace", draws: 100 };

/** Three numbers, of which `c` tells nothing, and a code of six levels. */
function table(numRows: number) {
  const random = createRandom(61, 0, 9);
  const column = () => Array.from({ length: numRows }, () => random.normal());
  const [a, b, c] = [column(), column(), column()];
  const code = Array.from({ length: numRows }, () => Math.floor(6 * random.uniform()));
  const y = a.map((value, n) => 0.5 * value - 0.3 * b[n] + 0.2 * (code[n] % 3) + random.normal());
  return { a, b, c, code, y, late: y.map((value) => (value > 1 ? "yes" : "no")) };
}

describe("a learned prior", () => {
  it("has a precision for the single columns and one for each term of several, and says so", async () => {
    const posterior = await fit({ data: table(800), formula: "y ~ a + b + c + C(code)" }, { prior: "learned" });
    const groups = posterior.prior?.groups ?? [];
    expect(groups.map(({ name, columns }) => [name, columns.length])).toEqual([
      ["single columns", 3],
      ["C(code)", 6],
    ]);
    expect(groups[0].columns).toEqual(["a", "b", "c"]);
    for (const { precision, sd } of groups) expect(precision * sd ** 2).toBeCloseTo(1, 10);
    expect(posterior.certificate.notes[0]).toMatch(
      /^Learned from the data by variational EM.*"C\(code\)" \(6\) normal\(0, 0\.\d+\)/,
    );
    expect(posterior.certificate.verdict).toBe("ok");
    const json = posteriorToJson(posterior, { version: "1", command: "fit" });
    expect(json.prior).toMatchObject({ groups: [{ limit: null }, { limit: null }], sigma: null });
    // The posterior under the learned prior is that under the same prior given: here one group has it by hand.
    const single = await fit({ data: table(800), formula: "y ~ a + b + c" }, { ...short, prior: "learned" });
    const sd = single.prior?.groups[0].sd ?? Number.NaN;
    const given = await fit({ data: table(800), formula: "y ~ a + b + c" }, { ...short, prior: { mean: 0, sd } });
    single.coefficients.forEach(({ standardized }, j) => {
      expect(standardized.mean).toBeCloseTo(given.coefficients[j].standardized.mean, 9);
      expect(standardized.sd).toBeCloseTo(given.coefficients[j].standardized.sd, 9);
    });
    expect(given.prior).toBeUndefined();
  });

  it("shrinks rare levels most, towards the mean of all, whichever level comes first", async () => {
    const random = createRandom(62, 0, 9);
    const effects = Array.from({ length: 40 }, () => 0.7 * random.normal());
    // A few rows of the second half of the levels, many of the first.
    const code = Array.from({ length: 3000 }, (_, n) => (n < 2900 ? n % 20 : 20 + (n % 20)));
    const y = code.map((level) => 5 + effects[level] + 2 * random.normal());
    const level = code.map((value) => `L${String(value).padStart(2, "0")}`);
    const reversed = code.map((value) => `L${String(39 - value).padStart(2, "0")}`);
    const fitted = async (levels: string[]) => {
      const posterior = await fit({ data: { y, level: levels }, formula: "y ~ level" }, { ...short, prior: "learned" });
      const rank = (k: number) => (levels === level ? k : 39 - k);
      const of = (k: number) =>
        posterior.coefficients.find(({ name }) => name === `level[L${String(rank(k)).padStart(2, "0")}]`)!;
      return { posterior, estimates: effects.map((_, k) => of(k)) };
    };
    const [one, other] = [await fitted(level), await fitted(reversed)];
    const { sd } = one.posterior.prior!.groups[0];
    const scale = one.posterior.coefficients.at(-1)!.standardized.laplaceMean;
    const noise = one.posterior.coefficients.at(-1)!.mean / scale;
    // The sds of the levels as they are made, within what 40 of them tell of it: 1/√80 = 11%, twice.
    expect(sd * noise).toBeGreaterThan(0.7 * 0.75);
    expect(sd * noise).toBeLessThan(0.7 * 1.25);
    // Modes, which have no Monte Carlo error but that of the learned precision.
    one.estimates.forEach(({ standardized: { laplaceMean, laplaceSd } }, k) => {
      expect(Math.abs(laplaceMean - other.estimates[k].standardized.laplaceMean)).toBeLessThan(0.05 * laplaceSd);
    });
    const error = (levels: number[], estimate: (k: number) => number) =>
      Math.sqrt(levels.reduce((sum, k) => sum + (estimate(k) - effects[k]) ** 2, 0) / levels.length);
    const rare = effects.map((_, k) => k).filter((k) => k >= 20);
    const centre = effects.reduce((sum, value) => sum + value, 0) / 40;
    const plain = (k: number) => {
      const own = y.filter((_, n) => code[n] === k);
      return own.reduce((sum, value) => sum + value - 5, 0) / own.length;
    };
    const shrunk = error(rare, (k) => one.estimates[k].mean + centre);
    expect(shrunk).toBeLessThan(0.8 * error(rare, plain));
  });

  it("works for a binary target with any sampler", async () => {
    const posterior = await fit(
      { data: table(800), formula: "late ~ a + b + c" },
      { prior: "learned", sampler: "constant-sgd", draws: 150 },
    );
    expect(posterior.family).toBe("bernoulli");
    expect(posterior.prior?.groups[0].sd).toBeGreaterThan(0.1);
    expect(posterior.prior?.groups[0].sd).toBeLessThan(3);
  });

  it("fixes the noise scale that it learns", async () => {
    const data = { ...table(800) };
    const em = await fit({ data, formula: "y ~ a + b" }, { ...short, sigma: "em" });
    const full = await fit({ data, formula: "y ~ a + b" }, short);
    expect(em.coefficients.map(({ name }) => name)).not.toContain("sigma");
    const { laplaceMean, sd } = full.coefficients[full.coefficients.length - 1].standardized;
    // The maximum of the evidence in σ: less than a posterior sd from its joint mode.
    expect(Math.abs((em.prior?.sigma ?? 0) - laplaceMean)).toBeLessThan(sd);
    expect(em.prior?.groups).toEqual([]);
    await expect(fit({ data, formula: "late ~ a" }, { sigma: "em" })).rejects.toThrow(/sigma is for the gaussian/);
  });

  it("warns where the data carry no sign of a group, and where there is none", async () => {
    const random = createRandom(62, 0, 9);
    const x = Array.from({ length: 200 }, () => random.normal());
    const data = { x: [...x, ...x], y: [...x, ...x].map((_, n) => (n < 200 ? 1 : -1)) };
    const posterior = await fit({ data, formula: "y ~ x" }, { ...short, prior: "learned" });
    expect(posterior.warnings.join()).toMatch(/no sign of the single columns' coefficients/);
    expect(posterior.prior?.groups[0].limit).toBe("upper");
    await expect(fit({ data, formula: "y ~ 1" }, { prior: "learned" })).rejects.toThrow(/without a column/);
    await expect(fit({ data, formula: "y ~ x" }, { interceptPrior: "learned" })).rejects.toThrow(/cannot be learned/);
  });
});
