import { type CallFactor, type Factor, isCallOf } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";

const maxDegree = 20;

/** A polynomial as a sum of Chebyshev polynomials of t = (2 x − low − high)/(high − low), which goes from −1 to 1 over the fit's rows. */
export interface ChebyshevSeries {
  readonly low: number;
  readonly high: number;
  /** Of T₀, T₁, … */
  readonly coefficients: readonly number[];
}

/** Whether a factor is poly(x, k), or one of the columns that it stands for, poly(x, k)[i]. */
export function isPolynomial(factor: Factor): factor is CallFactor {
  return isCallOf("poly", factor);
}

/**
 * The columns that a factor stands for: poly(x, k)[1] to poly(x, k)[k], or itself.
 * @throws InputError where the degree is no whole number from 1 to 20
 */
export function columnsOfFactor(factor: Factor, text: string): Factor[] {
  if (!isPolynomial(factor)) return [factor];
  const call = factor.expression;
  const [, degree] = call.args;
  const isFine = (value: number) => Number.isInteger(value) && value >= 1 && value <= maxDegree;
  if (call.args.length !== 2 || degree.kind !== "number" || !isFine(degree.value)) {
    const sentence = `poly() takes an expression and its degree, a whole number from 1 to ${maxDegree}, as in poly(x, 3).`;
    throw formulaError(text, (degree ?? call).at, sentence);
  }
  if (call.index !== undefined) {
    if (call.index <= degree.value) return [factor];
    throw formulaError(text, call.at, `poly() of degree ${degree.value} has no column ${call.index}.`);
  }
  return Array.from({ length: degree.value }, (_, i) => ({ ...factor, expression: { ...call, index: i + 1 } }));
}

/** The series at x, by Clenshaw's recurrence. */
export function valueAt({ low, high, coefficients }: ChebyshevSeries, x: number): number {
  const t = (2 * x - low - high) / (high - low);
  let [next, afterNext] = [0, 0];
  for (let j = coefficients.length - 1; j > 0; j--)
    [next, afterNext] = [coefficients[j] + 2 * t * next - afterNext, next];
  return coefficients[0] + t * next - afterNext;
}
