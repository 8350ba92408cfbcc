import { describeFamilyLaws } from "../../conformance/family-laws.ts";
import { describeSamplerLaws } from "../../conformance/sampler-laws.ts";

// The laws that npm test measures over fewer draws.
const many = { tolerance: 0.05, draws: 500 };
describeSamplerLaws({ ...many, isThorough: true });
describeFamilyLaws(many);
