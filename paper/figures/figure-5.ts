import type { PaperPart } from "../part.ts";
import { convergence } from "./convergence.ts";

/** Figure 5 of Mandt, Hoffman & Blei (2017): how fast marginal variances converge, from chains that start at random points. */
export const figure5: PaperPart = {
  name: "figure-5",
  summary: "marginal variances against passes over the data, chains from random points",
  run: (context) => convergence("random", "Figure 5: convergence of marginal variances from random points", context),
};
