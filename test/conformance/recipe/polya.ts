import { familyCodes } from "../../../src/engine/bindings/words.ts";
import { type Auxiliary, auxiliaries } from "../../../src/families/auxiliaries.ts";
import { families } from "../../../src/families/families.ts";
import { familyOfRow } from "../../../src/families/family.ts";
import { negativeBinomial } from "../../../src/families/negative-binomial.ts";

/** An entry of the list of auxiliary parameters, as docs/architecture.md has it. */
const excess: Auxiliary = {
  name: "excess",
  isScale: false,
  defaultPrior: { kind: "exponential", rate: 1 },
  startingTau: () => 0,
  words: ["learned"],
  bounds: [1e-6, 1e6],
  boundsText: "a number from 0.000001 to 1,000,000",
  argument: "<alpha>",
  help: "what the variance has beyond the mean: learned as a parameter, or fixed at a number",
  symbol: "α",
};

/** The negative binomial under another name, with a parameter of another name. */
const polya = familyOfRow({ ...negativeBinomial, name: "polya", auxiliaries: [excess] }, negativeBinomial.row!);

// The lines of the two lists.
Object.assign(auxiliaries, { excess });
Object.assign(families, { polya });
Object.assign(familyCodes, { polya: 98 });
