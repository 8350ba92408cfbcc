import type { PriorPull } from "../../estimation/prior-pull.ts";
import { listed } from "../../suggest.ts";
import type { RunCheck } from "./certificate.ts";
import { nats } from "./wording.ts";

/** Nats beyond what a suitable prior costs the fit, from which on the prior contradicts the data. */
const slack = 3;
/** A coefficient that moves by more of its own sds without the prior is the prior's rather than the data's. */
const largeShift = 1;
/** Coefficients that are named. */
const maxNamed = 3;

export interface PriorContext {
  /** Of the coefficients, in the order of the pull's. */
  readonly names: readonly string[];
  /** Whether the prior is the one that is taken where none is given. */
  readonly isDefault: boolean;
  /** The sd of most coefficients' prior. */
  readonly sd: number;
  /** Whether the columns are nearly collinear, as powers of one column are. */
  readonly isCollinear: boolean;
}

/**
 * Says how far the prior moves the coefficients. It fails where the prior holds them where the data would fit much better
 * without it, by more than a prior of the right width costs: only slightly where the user has chosen the prior, or where it
 * contradicts nothing and merely fills in what the data leave open.
 */
export function checkPrior({ shifts, cost, expected }: PriorPull, context: PriorContext): RunCheck {
  const { names, isDefault } = context;
  const order = [...shifts.keys()].sort((a, b) => Math.abs(shifts[b]) - Math.abs(shifts[a]));
  const largest = Math.abs(shifts[order[0]]);
  const held = order.slice(0, maxNamed).filter((j) => Math.abs(shifts[j]) >= 0.5 * largest);
  const named = listed(
    held.map((j) => `${names[j]} (${sds(Math.abs(shifts[j]))})`),
    "and",
  );
  if (cost > slack + expected) {
    return {
      id: "prior",
      passed: false,
      slight: !isDefault,
      message: `The prior dominates what the data say of ${named}: with one ten times as wide they would move by so many sds, and the data fit better by ${Math.round(cost).toLocaleString("en")} nats, where a prior of the right width costs about ${nats(Math.max(expected / 2, 0.1))}; ${remedy(context)}.`,
    };
  }
  if (largest > largeShift) {
    return {
      id: "prior",
      passed: false,
      slight: true,
      message: `The data alone tell little of ${named}: with a prior ten times as wide they would move by so many of their sds, so that these intervals are the prior's as much as the data's; if that is not meant, ${remedy(context)}.`,
    };
  }
  const which = largest < 0.01 ? "no coefficient by more than 0.01 sd" : `${names[order[0]]} most, by ${sds(largest)}`;
  return { id: "prior", passed: true, message: `The prior moves ${which}, against one ten times as wide.` };
}

function remedy({ sd, isCollinear }: PriorContext): string {
  const wider = `a wider --prior, such as "normal(0, ${(isCollinear ? 1000 : 10) * sd})"`;
  return isCollinear ? `give the powers of a column as poly(x, k), or ${wider}` : `give ${wider}`;
}

const sds = (value: number) => `${value >= 10 ? Math.round(value).toLocaleString("en") : value.toPrecision(2)} sd`;
