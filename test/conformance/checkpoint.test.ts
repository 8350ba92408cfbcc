import { describeInterruptedRuns, quickCases } from "./interrupted-runs.ts";

// Others in test/slow/checkpoint.test.ts, with a process that is killed.
describeInterruptedRuns(quickCases);
