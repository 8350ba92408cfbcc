import { describeInterruptedRuns, slowCases } from "../conformance/interrupted-runs.ts";

describeInterruptedRuns(slowCases);
