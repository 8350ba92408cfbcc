import { figure1 } from "./figures/figure-1.ts";
import { figure2 } from "./figures/figure-2.ts";
import { figure3 } from "./figures/figure-3.ts";
import { figure4 } from "./figures/figure-4.ts";
import { figure5 } from "./figures/figure-5.ts";
import { figure6 } from "./figures/figure-6-part.ts";
import { informationBound } from "./figures/information-bound.ts";
import type { PaperPart } from "./part.ts";
import { table1 } from "./tables/table-1.ts";
import { theory } from "./tables/theory.ts";

/** The one list of parts, in the order in which they run. */
export const parts: readonly PaperPart[] = [
  table1,
  figure1,
  figure2,
  figure3,
  figure4,
  figure5,
  figure6,
  informationBound,
  theory,
];
