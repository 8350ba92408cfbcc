import { combinations, describeThreads } from "../../conformance/same-bits.ts";

// The same bits on 1, 2 and 4 threads: every sampler with every family that it takes, dense and sparse.
describeThreads([1, 2, 4], combinations);
