import { describeFamilyLaws } from "../conformance/family-laws.ts";
import { describeSamplerLaws } from "../conformance/sampler-laws.ts";

// The laws that npm test measures over few draws, to less than half their tolerances.
describeSamplerLaws(1000);
describeFamilyLaws(1000);
