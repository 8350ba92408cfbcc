import { combinations, describeThreads } from "./same-bits.ts";

// Every sampler with a family of one linear predictor a row and with that of several, and the samplers that read rows in
// different ways with all families; all with all, on more threads, in test/slow/samplers/threads.test.ts.
const everywhere = ["constant-sgd", "control-variate"];
describeThreads(
  [1, 3],
  combinations.filter(
    ({ family, sampler }) => ["gaussian", "categorical"].includes(family) || everywhere.includes(sampler),
  ),
);
