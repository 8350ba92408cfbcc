import { describe, expect, it } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { fit } from "./fit-inline.ts";
import { posteriorToJson } from "./summary/to-json.ts";

const random = createRandom(5, 0, 9);
const x = Array.from({ length: 100 }, () => random.normal());
const y = x.map((value) => (random.uniform() < 1 / (1 + Math.exp(1 - value)) ? 1 : 0));
const input = { data: { x, y }, formula: "y ~ x" };
const checkOf = ({ certificate }: Awaited<ReturnType<typeof fit>>, id: string) =>
  certificate.checks.find((check) => check.id === id)!;

describe("what a fit promises of its sds and intervals", () => {
  it("has the Monte Carlo error in it: by default all is within the tolerance, and ends within 0.1 sd", async () => {
    for (const sampler of ["auto", "laplace", "nuts"]) {
      const posterior = await fit(input, { sampler });
      const { sdError, totalSdError, intervalEndError } = posterior.certificate.monteCarlo;
      expect(totalSdError, sampler).toBeCloseTo(posterior.certificate.maxSdError.predicted! + 2 * sdError!, 12);
      expect(totalSdError, sampler).toBeLessThan(0.02);
      expect(2 * intervalEndError!, sampler).toBeLessThan(0.1);
      expect(checkOf(posterior, "accuracy").message, sampler).toMatch(
        /In all posterior sds are known to .*by Monte Carlo/,
      );
      expect(checkOf(posterior, "convergence").message, sampler).toMatch(
        /ends of the intervals are known to 0\.0\d+ sd/,
      );
    }
  });

  it("warns where draws are too few for it, and says how many would do", async () => {
    const short = await fit(input, { sampler: "nuts", chains: 2, draws: 60 });
    const accuracy = checkOf(short, "accuracy");
    expect(accuracy).toMatchObject({ passed: false, slight: true });
    const [, draws] = /known to \d.* only, .* by Monte Carlo .*run more --draws (\d+)/.exec(accuracy.message)!;
    expect(Number(draws)).toBeGreaterThan(60);
    const enough = await fit(input, { sampler: "nuts", chains: 2, draws: Number(draws) });
    expect(checkOf(enough, "accuracy").passed).toBe(true);
    expect(enough.certificate.verdict).toBe("ok");
  });

  it("tells each coefficient's errors in the JSON, and they shrink with the draws", async () => {
    const errorsOf = async (draws: number) => {
      const json = posteriorToJson(await fit(input, { sampler: "nuts", draws }), { version: "1" });
      return (json.coefficients as Record<string, number>[]).map((c) => [
        c.mcse_sd / c.sd,
        c["mcse_hdi_3%"] / c.sd,
        c["mcse_hdi_97%"] / c.sd,
      ]);
    };
    const [few, many] = [await errorsOf(250), await errorsOf(1000)];
    few.forEach((errors, j) => {
      errors.forEach((error, k) => {
        expect(error).toBeGreaterThan(0);
        expect(error / many[j][k]).toBeGreaterThan(1.4);
        // Of few draws the scores tell less of an end, or nothing, where they tell more of many.
        expect(error / many[j][k]).toBeLessThan(k === 0 ? 2.9 : 4);
      });
    });
  });
});
