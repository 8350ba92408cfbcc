import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fit as fitInline } from "../../src/fit/fit-inline.ts";
import { fit } from "../../src/node.ts";
import { categoricalTarget } from "../conformance/targets.ts";

const covertype = fileURLToPath(
  new URL("../../../shared/data/covertype/covertype-7class-sample.parquet", import.meta.url),
);
const numbers = [
  ...["Elevation", "Aspect", "Slope", "Horizontal_Distance_To_Hydrology", "Vertical_Distance_To_Hydrology"],
  ...["Horizontal_Distance_To_Roadways", "Hillshade_9am", "Hillshade_Noon", "Hillshade_3pm"],
  "Horizontal_Distance_To_Fire_Points",
];

it("a class of one row: control variates follow the long tail of its coefficients", async () => {
  const { x, y } = categoricalTarget();
  const rare = y.slice(0, 300).map((value, n) => (n === 7 ? 3 : value));
  const options = { family: "categorical", sampler: "control-variate", tolerance: 0.1 } as const;
  const posterior = await fitInline({ x: x.slice(0, 300), y: rare }, options);
  const { standardized } = posterior.coefficients.find(({ name }) => name === "y[3]:Intercept")!;
  expect(standardized.mean).toBeLessThan(standardized.laplaceMean - 0.5 * standardized.laplaceSd);
  expect(posterior.coefficients.every(({ mean, sd }) => Number.isFinite(mean) && sd > 0)).toBe(true);
}, 300_000);

describe.skipIf(!existsSync(covertype))("seven cover types, 92,962 rows (skipped where ../shared is absent)", () => {
  it("ten numbers: 66 coefficients, certified", async () => {
    const posterior = await fit(
      { path: covertype, formula: `Cover_Type ~ ${numbers.join(" + ")}` },
      { family: "categorical" },
    );
    expect(posterior.coefficients).toHaveLength(66);
    expect(posterior.certificate.verdict).toBe("ok");
  }, 300_000);

  it("all columns: where soil types never meet cover types no step is stable, and the result says so", async () => {
    const posterior = await fit({ path: covertype, formula: "Cover_Type ~ ." }, { family: "categorical" });
    expect(posterior.settings.sampler).toBe("laplace");
    expect(posterior.certificate.verdict).toBe("failed");
    expect(posterior.warnings.join()).toMatch(/No step of control-variate is stable/);
    expect(posterior.coefficients.every(({ mean, sd }) => Number.isFinite(mean) && sd > 0)).toBe(true);
  }, 300_000);
});
