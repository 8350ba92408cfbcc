import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { fit } from "../fit-inline.ts";
import type { Posterior } from "../posterior.ts";
import { predict } from "../predict.ts";

const effects = { awful: -1.5, bad: -0.8, fine: 0.4, good: 0.8, the: 0, very: 0 };
const vocabulary = Object.keys(effects) as (keyof typeof effects)[];

/** Rows of up to 6 words, and a target that follows from how often each occurs. */
function table(numRows: number) {
  const random = createRandom(7, 0, 3);
  const words = Array.from({ length: numRows }, () =>
    Array.from({ length: Math.floor(7 * random.uniform()) }, () => vocabulary[Math.floor(6 * random.uniform())]),
  );
  const price = words.map(() => random.normal());
  const eta = words.map((own, n) => own.reduce((sum, word) => sum + effects[word], 0.3 + 0.5 * price[n]));
  return {
    price,
    stars: eta.map((value) => value + random.normal()),
    liked: eta.map((value) => random.uniform() < 1 / (1 + Math.exp(-value))),
    // A word of one row, which no fit counts.
    text: words.map((own, n) => (n === 5 ? "unheard " : "") + own.join(", ").toUpperCase()),
    counts: Object.fromEntries(
      vocabulary.map((word) => [`n_${word}`, words.map((own) => own.filter((one) => one === word).length)]),
    ),
  };
}

const { counts, ...rows } = table(1200);
const byHand = `${Object.keys(counts).join(" + ")} + price`;
const data = { ...rows, ...counts };
const quick = { chains: 2, draws: 200, tolerance: 0.1, seed: 4 };
/** Without the words() and the brackets, as the columns made by hand are called. */
const plainName = (name: string) => name.replace(/^words\(text\)\[(.*)\]$/, "n_$1");

let stars: Posterior;
beforeAll(async () => {
  stars = await fit({ data, formula: "stars ~ words(text) + price" }, { ...quick, draws: 1000 });
});

describe("counts of words", () => {
  it("have the effects that made the data", () => {
    const names = stars.coefficients.map(({ name }) => name);
    expect(names.slice(0, 6)).toEqual(vocabulary.map((word) => `words(text)[${word}]`));
    for (const word of vocabulary) {
      const { mean, sd } = stars.coefficients.find(({ name }) => name === `words(text)[${word}]`)!;
      expect(Math.abs(mean - effects[word]), word).toBeLessThan(4 * sd);
      expect(sd).toBeLessThan(0.05);
    }
    expect(stars.warnings.join("\n")).toContain(
      "words(text) counts 6 words; 1 other, which occurs in fewer than 5 rows, is left out (words(text, 1) keeps all).",
    );
  });

  it.each([
    ["stars", "dense"],
    ["stars", "sparse"],
    ["liked", "dense"],
    ["liked", "sparse"],
  ] as const)("%s, %s: the fit is that of columns that count, made by hand", async (target, storage) => {
    const [words, columns] = await Promise.all(
      ["words(text) + price", byHand].map((right) =>
        fit({ data, formula: `${target} ~ ${right}` }, { ...quick, storage }),
      ),
    );
    expect(words.data.nonZeros === undefined).toBe(storage === "dense");
    expect(words.coefficients.map(({ name }) => plainName(name))).toEqual(columns.coefficients.map(({ name }) => name));
    words.coefficients.forEach(({ mean, sd }, j) => {
      const expected = columns.coefficients[j];
      expect(Math.abs(mean - expected.mean)).toBeLessThan(1e-4 * expected.sd);
      expect(Math.abs(sd / expected.sd - 1)).toBeLessThan(1e-4);
    });
  });

  it("are predicted by the words that the fit knows", async () => {
    const fresh = {
      price: [0, 1, 2, 0, null],
      text: ["Good, GOOD... the unknown film", "", "unheard", null, "bad"],
    };
    const draws = (name: string) => stars.draws.get(name)!.flatMap((chain) => [...chain]);
    const mean = (name: string) => draws(name).reduce((sum, value) => sum + value, 0) / draws(name).length;
    const posteriorDraws = draws("price").length;
    const { columns, missingRows, warnings } = await predict(stars, fresh, { posteriorDraws });
    const base = mean("Intercept");
    const expected = [
      base + 2 * mean("words(text)[good]") + mean("words(text)[the]"),
      base + mean("price"),
      base + 2 * mean("price"),
    ];
    expected.forEach((value, n) => {
      expect(columns.mean[n]).toBeCloseTo(value, 6);
    });
    expect([...columns.mean.slice(3)]).toEqual([Number.NaN, Number.NaN]);
    expect(missingRows).toBe(2);
    expect(warnings.length).toBe(1);
  });

  it("are predicted however many a row has", async () => {
    const random = createRandom(1, 0, 3);
    const words = Array.from({ length: 80 }, (_, k) => `w${k}`);
    const text = Array.from({ length: 300 }, () => words.filter(() => random.uniform() < 0.3).join(" "));
    const y = text.map((own) => own.length + random.normal());
    const posterior = await fit({ data: { y, text }, formula: "y ~ words(text)" }, { ...quick, sampler: "conjugate" });
    const { columns } = await predict(posterior, { text: [words.join(" ")] }, { posteriorDraws: 1e4 });
    const draws = [...posterior.draws]
      .filter(([name]) => name !== "sigma")
      .map(([, chains]) => [...chains].flatMap((chain) => [...chain]));
    expect(draws.length).toBe(81);
    expect(columns.mean[0]).toBeCloseTo(draws.flat().reduce((sum, value) => sum + value, 0) / draws[0].length, 8);
  });

  it("take a prior of their own", async () => {
    const priors = ["words(text): normal(0, 0.001)", "words(text)[good]: normal(0, 2.5)"];
    const { coefficients } = await fit({ data, formula: "stars ~ words(text) + price" }, { ...quick, prior: priors });
    const mean = (name: string) => Math.abs(coefficients.find((own) => own.name === name)!.mean);
    expect(mean("words(text)[bad]")).toBeLessThan(0.05);
    expect(mean("words(text)[good]")).toBeGreaterThan(0.5);
    expect(mean("price")).toBeGreaterThan(0.3);
    const { prior } = await fit({ data, formula: "liked ~ words(text) + price" }, { ...quick, prior: "learned" });
    expect(prior!.groups.map(({ name, columns }) => [name, columns.length])).toEqual([
      ["words(text)", 6],
      ["single columns", 1],
    ]);
    const unknown = fit({ data, formula: "stars ~ words(text) + price" }, { prior: ["words(txt): normal(0, 1)"] });
    await expect(unknown).rejects.toThrow(/words\(text\)/);
  });
});
