import { describe, expect, it } from "vitest";
import { fit } from "../../src/fit/fit-inline.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { renderPosterior } from "./render-posterior.ts";

const random = createRandom(3, 0, 9);
const school = Array.from({ length: 120 }, (_, n) => `s${Math.floor(n / 10)}`);
const effects = school.map(() => random.normal());
const y = school.map((name) => effects[Number(name.slice(1))] + random.normal());
const posterior = await fit(
  { data: { school, y }, formula: "y ~ 1 + (1 | school)" },
  { sampler: "laplace", draws: 200 },
);

describe("the table of a multilevel model", () => {
  it.each([44, 100])("has the group terms under headings, in %i columns", (width) => {
    const lines = renderPosterior(posterior, { width, color: false }).split("\n\n")[1].split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    const at = lines.indexOf("(1 | school), 12 levels");
    expect(at).toBe(3);
    expect(lines[at + 1]).toMatch(/^ {2}sd Intercept +\d/);
    expect(lines[at + 2]).toMatch(/^ {2}icc \(beside σ²\) +0\.\d/);
    expect(lines.length).toBe(at + 3);
  });

  it("has the intraclass correlation of the draws", () => {
    const [{ icc, sds }] = posterior.groups!;
    const tau = posterior.draws.get("sd(school)[Intercept]")!.flatMap((chain) => [...chain]);
    const sigma = posterior.draws.get("sigma")!.flatMap((chain) => [...chain]);
    const shares = tau.map((own, s) => own ** 2 / (own ** 2 + sigma[s] ** 2));
    expect(icc!.mean).toBeCloseTo(shares.reduce((a, b) => a + b, 0) / shares.length, 10);
    expect(icc!["hdi_3%"]).toBeLessThan(icc!.mean);
    expect(sds[0].name).toBe("Intercept");
  });
});
