import type { Tuning } from "../src/options/tuning.ts";
import type { RealDataSet } from "./data/data-sets.ts";

/** One row of the table: a sampler with its settings, and its value in the paper's Table 1. */
export interface Method {
  readonly label: string;
  readonly sampler: string;
  /** Settings besides the batch size, if the sampler has one. */
  readonly tuning?: Tuning | ((data: string) => Tuning | null);
  /** KL in the paper's Table 1; absent if the paper has no such row. */
  readonly paper?: Readonly<Record<RealDataSet, number>>;
}

/** Step sizes of SGLD in the paper's Table 1. */
const paperSgldRates: Readonly<Record<string, number>> = { wine: 1e-3, skin: 1e-6, protein: 1e-5 };

/** The rows of Table 1 (section 7.1), and what goes beyond them. */
export const methods: readonly Method[] = [
  {
    label: "constant SGD",
    sampler: "constant-sgd",
    tuning: { preconditioner: "scalar" },
    paper: { wine: 18.7, skin: 0.471, protein: 1000.9 },
  },
  {
    label: "constant SGD-d",
    sampler: "constant-sgd",
    tuning: { preconditioner: "diagonal" },
    paper: { wine: 14.0, skin: 0.921, protein: 678.4 },
  },
  { label: "constant SGD-√d", sampler: "constant-sgd", tuning: { preconditioner: "sqrt-diagonal" } },
  {
    label: "constant SGD-f",
    sampler: "constant-sgd",
    tuning: { preconditioner: "full" },
    paper: { wine: 0.7, skin: 0.005, protein: 1.8 },
  },
  { label: "constant SGD-f, exact", sampler: "constant-sgd", tuning: { preconditioner: "full-exact" } },
  { label: "momentum SGD", sampler: "momentum-sgd", tuning: { preconditioner: "scalar", momentum: 0.1 } },
  {
    label: "SGLD, paper's ε",
    sampler: "sgld",
    tuning: (data) => (data in paperSgldRates ? { learningRate: paperSgldRates[data] } : null),
    paper: { wine: 2.9, skin: 0.905, protein: 4.5 },
  },
  { label: "SGLD, our ε", sampler: "sgld" },
  {
    label: "SGFS-d",
    sampler: "sgfs",
    tuning: { preconditioner: "diagonal" },
    paper: { wine: 12.8, skin: 0.864, protein: 597.4 },
  },
  {
    label: "SGFS-f",
    sampler: "sgfs",
    tuning: { preconditioner: "full" },
    paper: { wine: 0.8, skin: 0.005, protein: 1.3 },
  },
  { label: "SGFS-f, exact", sampler: "sgfs", tuning: { preconditioner: "full-exact" } },
  { label: "IASG", sampler: "iasg", tuning: { covariance: "sandwich" } },
  { label: "IASG, mapped to P", sampler: "iasg", tuning: { covariance: "posterior" } },
  { label: "BBVI", sampler: "mean-field", paper: { wine: 44.7, skin: 5.74, protein: 478.1 } },
  { label: "control variates", sampler: "control-variate" },
  { label: "Laplace", sampler: "laplace" },
];
