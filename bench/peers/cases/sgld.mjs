import { lastLine } from "../../harness/processes.mjs";

/** What each runs for: steps of a chain in one call, the fewer the slower it is; the harness repeats the process in rounds. */
const peers = [
  { name: "BlackJAX sgld", environment: "jax", script: "steps_blackjax.py", quick: 3000 },
  { name: "a scan in JAX", environment: "jax", script: "steps_jax.py", quick: 3000 },
  { name: "SGMCMCJax sgld", environment: "sgmcmcjax", script: "steps_sgmcmcjax.py", quick: 1000 },
  { name: "posteriors sgld (PyTorch)", environment: "torch", script: "steps_posteriors.py", quick: 50 },
  { name: "TensorFlow Probability pSGLD", environment: "tensorflow", script: "steps_tfp.py", quick: 50 },
];

const read = (output) => JSON.parse(lastLine(output, Number.POSITIVE_INFINITY));

/** @type {import("../../harness/cases.mjs").Case} */
export const sgld = {
  name: "sgld",
  title: "Steps of SGLD a second",
  what: "Logistic regression, N = 100,000 rows, D = 10 columns, S = 10 rows a step drawn with replacement, one chain on one core.",
  measure: "steps a second",
  cores: "one",
  prepare: async () => ({}),
  contestants: ({ quick }) => [
    {
      name: "ornstein sgld",
      environment: "node",
      args: () => ["bench/peers/sgld/ours.mjs", ...(quick ? ["--draws", "20"] : [])],
      read,
    },
    ...peers.map(({ name, environment, script, quick: steps }) => ({
      name,
      environment,
      args: () => [`bench/peers/sgld/${script}`, ...(quick ? ["--steps", String(steps), "--repeats", "1"] : [])],
      read,
    })),
  ],
};
