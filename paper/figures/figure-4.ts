import type { PaperPart } from "../part.ts";
import { convergence } from "./convergence.ts";

/** Figure 4 of Mandt, Hoffman & Blei (2017): how fast marginal variances converge, from chains that start at the mode. */
export const figure4: PaperPart = {
  name: "figure-4",
  summary: "marginal variances against passes over the data, chains from the mode",
  run: (context) => convergence("mode", "Figure 4: convergence of marginal variances from the mode", context),
};
