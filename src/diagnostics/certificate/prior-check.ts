import type { PriorPull } from "../../estimation/prior-pull.ts";
import { listed } from "../../suggest.ts";
import type { RunCheck } from "./certificate.ts";
import { nats } from "./wording.ts";

/** If the prior costs the fit this many nats more than a suitable prior would, it contradicts the data. */
const slack = 3;
/**
 * A coefficient that would move by more than this many of its sds without the prior is determined by the prior rather
 * than the data.
 */
const largeShift = 1;
/** At most this many coefficients are named. */
const maxNamed = 3;

export interface PriorContext {
  /** Names of the coefficients, in the order of `pull`. */
  readonly names: readonly string[];
  /** Whether the prior is the default one. */
  readonly isDefault: boolean;
  /** The sd of most coefficients' prior. */
  readonly sd: number;
  /** Whether the columns are nearly collinear, as powers of one column are. */
  readonly isCollinear: boolean;
}

/**
 * Says how far the prior moves the coefficients. It fails if the data would fit much better without the prior, by more
 * than a prior of the right width costs. It fails only slightly (a warning) if the user has chosen the prior, or if the
 * prior contradicts nothing and merely determines what the data leave open.
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
