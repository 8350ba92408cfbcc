import { familyCodes } from "../../../src/engine/bindings/words.ts";
import { families } from "../../../src/families/families.ts";
import { type Family, familyOfRow } from "../../../src/families/family.ts";

const logOnePlusExp = (eta: number) => Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta)));
const share = (eta: number) => 1 / (1 + Math.exp(-eta));
const loss = (eta: number, y: number) => (y + 1) * logOnePlusExp(eta) - y * eta;

/**
 * The file of a family, as docs/architecture.md has it. Counts of mean μ = e^η with P(y) = μ^y/(1 + μ)^(y + 1):
 * f = (y + 1) log(1 + e^η) − y η. It is the negative binomial with the dispersion 1, and so has something to be compared with.
 */
export const geometric = familyOfRow(
  {
    name: "geometric",
    target: "counts",
    auxiliaries: [],
    predictive: {
      meanInto(out, eta) {
        out[0] = Math.exp(eta[0]);
      },
      draw: (random, eta) => Math.floor(Math.log(random.uniform()) / -logOnePlusExp(-eta[0])),
      logDensity: (y, eta) => -loss(eta[0], y),
      deviance: (y, eta) => 2 * (loss(eta[0], y) - (y > 0 ? loss(Math.log(y), y) : 0)),
    },
  },
  {
    loss: (eta, _tau, y) => loss(eta, y),
    slopesInto(out, eta, _tau, y) {
      out.fill(0);
      out[0] = (y + 1) * share(eta) - y;
    },
    curvaturesInto(out, eta, _tau, y) {
      out.fill(0);
      out[0] = (y + 1) * share(eta) * share(-eta);
    },
  },
);

// The line of `families.ts`.
Object.assign(families, { geometric } satisfies Record<string, Family>);
// The line of `familyCodes`: a code that no kernel knows, as only the plain versions of the kernels run this family.
Object.assign(familyCodes, { geometric: 99 });
