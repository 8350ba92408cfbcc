import { beforeAll, describe, expect, it } from "vitest";
import { fit } from "../library.ts";
import type { FitOptions } from "../options/options.ts";
import { report } from "../plots.ts";

const count = 240;
const noise = (n: number) => Math.sin(12.9898 * n * n + 1);
const x = Array.from({ length: count }, (_, n) => Math.sin(1.7 * n * n));
const weight = x.map((_, n) => 2000 + 800 * Math.cos(n * n));
const city = x.map((_, n) => ["Lima", "Oslo", "Rome"][n % 3]);
const y = x.map((value, n) => 1 + 2 * value + 0.001 * weight[n] + (n % 3) + noise(n));
const data = {
  x,
  weight,
  city,
  y,
  late: y.map((value, n) => value + 2 * noise(3 * n) > 4),
  items: y.map((value) => Math.max(0, Math.round(value))),
  kind: y.map((value, n) => (value + noise(5 * n) > 5 ? "c" : n % 2 ? "a" : "b")),
};
const page = async (formula: string, options: FitOptions = {}) =>
  report(await fit({ data, formula }, { sampler: "laplace", draws: 50, ...options }));
/** The answers, without marks. */
const answersOf = (html: string) =>
  [...html.matchAll(/<li>(.*?)<\/li>/gs)].map(([, text]) => text.replaceAll(/<[^>]*>/g, "").replaceAll(/\s+/g, " "));
const number = "[\\d.,]+";

describe("answers in sentences", () => {
  it("are differences of means, by steps that suit the column", async () => {
    const answers = answersOf(await page("y ~ x + weight + city"));
    expect(answers).toContainEqual(
      expect.stringMatching(
        `^An increase of x by 1 goes with y higher by ${number} \\(94% interval 1.${number} to 2.${number}\\).$`,
      ),
    );
    expect(answers).toContainEqual(
      expect.stringMatching("^An increase of weight by 100 goes with y higher by 0\\.(09|1)"),
    );
    expect(answers).toContainEqual(
      expect.stringMatching("^city being Rome rather than Lima goes with y higher by [12]"),
    );
  });

  it("are factors of odds and of expected counts", async () => {
    expect(answersOf(await page("late ~ x + log(weight)"))).toEqual([
      expect.stringMatching(`^An increase of x by 1 multiplies the odds of late = true by ${number} `),
      expect.stringMatching(`^Doubling weight multiplies the odds of late = true by ${number} `),
    ]);
    const [own] = answersOf(await page("items ~ x", { family: "poisson" }));
    expect(own).toMatch(/^An increase of x by 1 multiplies the expected items by 1\.\d+ /);
    expect(answersOf(await page("kind ~ x")).join()).toMatch(/multiplies the odds of c against a by /);
  });

  it("leave out columns that an offset has too, whose coefficient tells only part of what they do", async () => {
    const answers = answersOf(await page("items ~ x + weight + offset(log(weight))", { family: "poisson" }));
    expect(answers).toEqual([expect.stringMatching(/^An increase of x by 1 /)]);
  });

  it("say that the data leave a direction open", async () => {
    const noisy = { ...data, other: x.map((_, n) => Math.cos(3 * n)) };
    const own = await fit({ data: noisy, formula: "y ~ other" }, { sampler: "laplace", draws: 100 });
    expect(answersOf(await report(own))[0]).toMatch(
      /^An increase of other by 1: the data leave the direction open\. It goes with y (higher|lower) by .* with a probability of 0\.\d\d that it is above 0\.$/,
    );
  });

  it("are not told of columns that change with others", async () => {
    const html = await page("y ~ x * city + poly(weight, 2)");
    expect(answersOf(html).filter((text) => /An increase|rather than/.test(text))).toEqual([]);
    expect(html).toMatch(/Columns of interactions, polynomials and functions of the same column change together/);
    expect(answersOf(await page("y ~ x + I(x^2) + weight")).filter((text) => /An increase/.test(text))).toHaveLength(1);
  });
});

describe("a page", () => {
  let html: string;
  beforeAll(async () => {
    html = await page("y ~ x + weight + city");
  });

  it("has what was asked, the answer, tables, pictures, the certificate, and how to do it again", () => {
    const titles = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      "The answer",
      "The coefficients in a picture",
      "What was asked",
      "Coefficients",
      "The certificate",
      "The draws",
      "How to do it again",
    ]);
    expect(html.match(/<svg/g)).toHaveLength(3);
    for (const name of ["x", "weight", "city[Oslo]", "city[Rome]", "Intercept", "sigma"])
      expect(html).toContain(`<th scope="row"><code>${name}</code></th>`);
    expect(html).toMatch(/seed 1 draws are the same numbers: 4 chains of 50 draws/);
  });

  it("is read out by the labels of its pictures, not by names of their marks", () => {
    expect(html.match(/<svg[^>]* aria-label="/g)).toHaveLength(3);
    expect(html).not.toMatch(/<g\b[^>]* aria-label/);
    expect(html).not.toContain('<th scope="col"></th>');
  });

  it("loads nothing and has no scripts", () => {
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)|https?:\/\/(?!www\.w3\.org)/);
    expect(html).toContain("default-src 'none'");
  });

  it("shows names and levels as texts, whatever they hold", async () => {
    const evil = `<script>alert(1)</script>"'&\u202e`;
    const table = { [evil]: x, city: city.map((level) => `${level}<img src=x onerror=alert(2)>`), y };
    const formula = `y ~ \`${evil}\` + city`;
    const own = await fit({ data: table, formula }, { sampler: "laplace", draws: 50 });
    const page = await report(own, { title: `</title>${evil}`, origin: { version: evil, command: evil } });
    for (const bad of ["<script", "<img", "\u202e"]) expect(page.includes(bad)).toBe(false);
    expect(page).toContain("&#60;script&#62;alert(1)");
    // The only title that ends is the page's own.
    expect(page.match(/<\/title>/g)!.length - page.match(/<title>/g)!.length).toBe(0);
  });

  it("has the groups of a multilevel model, and effects and checks over rows", async () => {
    const own = await fit({ data, formula: "late ~ x + (1 | city)" }, { draws: 50, effects: true });
    const effects = await own.effects({ of: "x", kind: "comparisons" }, data);
    const page = await report(own, { effects, prediction: await own.predict(data) });
    expect(page).toContain("<h2>The groups</h2>");
    expect(page).toContain("sd of <code>Intercept</code>");
    expect(page).toContain("<h2>What the columns do to the prediction</h2>");
    expect(page).toContain("<h2>Does the model fit the rows?</h2>");
    expect(page.match(/<svg/g)).toHaveLength(6);
  });

  it("of 50 coefficients takes seconds and is below a megabyte", async () => {
    const columns = Object.fromEntries(
      Array.from({ length: 50 }, (_, j) => [
        `a_column_with_a_long_name_${j}`,
        x.map((_, n) => Math.sin((j + 2) * n * n)),
      ]),
    );
    const own = await fit({ data: { ...columns, y }, formula: "y ~ ." }, { sampler: "conjugate" });
    expect((await report(own)).length).toBeLessThan(1_000_000);
  });
});
