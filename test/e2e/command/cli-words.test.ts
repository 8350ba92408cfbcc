import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commandFolder } from "../command.ts";

// A column of texts from the command line: a fit that counts its words, saved, and other texts predicted from the file.
const { folder, ornstein } = commandFolder("words");

const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));

it("counts the words of a CSV file's texts, saves them, and predicts other texts", async () => {
  const opinions = ["Excellent, really excellent!", "Don't buy it.", "It's as one expects: fine", ""];
  const values = [3, -2, 1, 0];
  const lines = Array.from({ length: 400 }, (_, n) => {
    const noise = ((Math.sin(12.9898 * n) * 43758.5453) % 1) + ((Math.sin(78.233 * n) * 12543.123) % 1);
    const [first, second] = [n % 4, Math.floor(n / 4) % 4];
    return `"${opinions[first]} ""${opinions[second]}""",${(10 + values[first] + values[second] + noise).toFixed(4)},${n % 7}`;
  });
  writeFileSync(join(folder, "reviews.csv"), `review,score,price\n${lines.join("\n")}\n`);
  const run = await ornstein(
    ...["fit", "reviews.csv", "-f", "score ~ words(review) + price", "--save", "fit.nc", "--json", "fit.json"],
    ...["--prior", "words(review): normal(0, 2)", "--quiet"],
  );
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(run.stdout).toMatch(/^words\(review\)\[excellent\] /m);
  const { coefficients } = json("fit.json");
  const mean = (name: string) => coefficients.find((own: { name: string }) => own.name === name).mean;
  // Words that always come together share their effect: of two "excellent" and a "really" 3 in all.
  expect(Math.abs(2 * mean("words(review)[excellent]") + mean("words(review)[really]") - 3)).toBeLessThan(0.15);
  expect(Math.abs(["don't", "buy", "it"].reduce((sum, word) => sum + mean(`words(review)[${word}]`), 2))).toBeLessThan(
    0.15,
  );

  writeFileSync(join(folder, "new.csv"), 'review,price\n"EXCELLENT excellent really, truly",3\n"?!",3\n,3\n');
  const predicted = await ornstein("predict", "fit.nc", "new.csv", "--out", "-", "--quiet");
  expect(predicted.status).toBe(0);
  const means = predicted.stdout
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",")[1]);
  expect(Math.abs(Number(means[0]) - 13)).toBeLessThan(0.3);
  expect(Math.abs(Number(means[1]) - 10)).toBeLessThan(0.3);
  expect(means[2]).toBe("");
}, 60_000);

it("refuses a column of numbers in one sentence with status 2", async () => {
  const run = await ornstein("fit", "reviews.csv", "-f", "score ~ words(price)");
  expect(run.status).toBe(2);
  expect(run.stderr).toMatch(
    /Formula error at column 15: words\(\) counts the words of a column of texts, and price is a column of numbers;/,
  );
});
