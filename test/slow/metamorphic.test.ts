import { it } from "vitest";
import { allSamplers, checkTransformations } from "../metamorphic/property.ts";

it("the posterior transforms as the data do, whatever the family and the sampler", { timeout: 3_600_000 }, () =>
  checkTransformations(1000, allSamplers),
);
