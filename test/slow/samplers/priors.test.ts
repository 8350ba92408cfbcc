import { describePriors, priorsInEveryFamily } from "../../conformance/prior-curves.ts";

describePriors(priorsInEveryFamily);
