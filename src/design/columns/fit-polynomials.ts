import { InputError } from "../../errors.ts";
import { compileNumeric, type ExpressionScope } from "../../formula/expression.ts";
import type { Call, CallFactor, Expression, Factor } from "../../formula/formula.ts";
import { expressionText, factorName } from "../../formula/formula-text.ts";
import { type ChebyshevSeries, isPolynomial } from "../../formula/polynomials.ts";
import { matrix } from "../../linalg/matrix.ts";
import { TriangularFactor } from "../../linalg/triangular-factor.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import type { RowPass } from "../first-pass.ts";
import { finiteValues } from "./factors.ts";

/**
 * The series of every column of poly(x, k) among the factors: orthogonal over the rows, of length 1, with a positive
 * leading coefficient, as R's poly(). From two passes over the rows: the range of x, then the triangle R of the Chebyshev
 * polynomials' values, whose inverse has the coefficients.
 *
 * @throws InputError where x has no more different values than the degree
 */
export async function fitPolynomials(
  factors: readonly Factor[],
  scope: ExpressionScope,
  pass: RowPass,
): Promise<ReadonlyMap<string, ChebyshevSeries>> {
  const fits = new PolynomialFits(factors, scope);
  if (fits.areNone) return new Map();
  await pass((rows) => fits.addToRanges(rows), 1);
  await pass((rows) => fits.addToTriangles(rows), 1);
  return fits.series();
}

/** The lowest and the highest x of each polynomial, in plain data. */
export type PolynomialRanges = readonly (readonly [low: number, high: number])[];

/** Gathers what all polynomials of a formula are made of: of rows, or of parts of them that others have read. */
export class PolynomialFits {
  private readonly found: ReadonlyMap<string, CallFactor>;
  private readonly all: readonly PolynomialFit[];

  constructor(factors: readonly Factor[], scope: ExpressionScope) {
    this.found = new Map(factors.filter(isPolynomial).map((factor) => [factorName(factor), factor]));
    /** One of the columns for each x and degree: all of these are found together. */
    const families = new Map<string, CallFactor>();
    for (const factor of this.found.values()) families.set(factor.expression.args.map(expressionText).join(), factor);
    this.all = [...families.values()].map((factor) => new PolynomialFit(factor, scope));
  }

  get areNone(): boolean {
    return this.all.length === 0;
  }

  addToRanges(rows: CompleteRows): void {
    for (const fit of this.all) fit.addToRange(rows);
  }

  /** Once the ranges of all rows are known. */
  addToTriangles(rows: CompleteRows): void {
    for (const fit of this.all) fit.addToTriangle(rows);
  }

  /** Undefined in place of the range of no rows. */
  get ranges(): PolynomialRanges | undefined {
    return this.all.every(({ range: [low] }) => low < Infinity) ? this.all.map(({ range }) => range) : undefined;
  }

  mergeRanges(ranges: PolynomialRanges): void {
    ranges.forEach((range, k) => {
      this.all[k].widen(range);
    });
  }

  /** The upper triangles R, each row by row. */
  get triangles(): readonly (readonly number[])[] {
    return this.all.map(({ triangle }) => Array.from(triangle));
  }

  mergeTriangles(triangles: readonly (readonly number[])[]): void {
    triangles.forEach((triangle, k) => {
      this.all[k].mergeTriangle(triangle);
    });
  }

  /** @throws InputError where x has no more different values than the degree */
  series(): ReadonlyMap<string, ChebyshevSeries> {
    const series = new Map(this.all.flatMap((fit) => fit.columns()));
    return new Map([...this.found.keys()].map((name) => [name, series.get(name)!]));
  }
}

class PolynomialFit {
  private readonly call: Call;
  private readonly degree: number;
  private readonly values: (rows: CompleteRows) => Float64Array;
  private readonly factor: TriangularFactor;
  private low = Infinity;
  private high = -Infinity;

  constructor(
    private readonly named: CallFactor,
    scope: ExpressionScope,
  ) {
    this.call = named.expression;
    this.degree = (this.call.args[1] as Expression & { kind: "number" }).value;
    const [argument] = this.call.args;
    const compiled = compileNumeric(argument, scope, "poly()");
    this.values = (rows) => finiteValues(compiled, argument, rows);
    this.factor = new TriangularFactor(this.degree + 1);
  }

  addToRange(rows: CompleteRows): void {
    for (const value of this.values(rows)) this.widen([value, value]);
  }

  get range(): readonly [number, number] {
    return [this.low, this.high];
  }

  widen([low, high]: readonly [number, number]): void {
    this.low = Math.min(this.low, low);
    this.high = Math.max(this.high, high);
  }

  get triangle(): Float64Array {
    return this.factor.triangle.data;
  }

  /** The R of rows below those of another R is that of all of them. */
  mergeTriangle(triangle: readonly number[]): void {
    this.factor.add(Float64Array.from(triangle), this.degree + 1);
  }

  addToTriangle(rows: CompleteRows): void {
    const values = this.values(rows);
    const size = this.degree + 1;
    const powers = new Float64Array(values.length * size);
    values.forEach((x, i) => {
      const t = (2 * x - this.low - this.high) / (this.high - this.low);
      powers[i * size] = 1;
      powers[i * size + 1] = t;
      for (let j = 2; j < size; j++) powers[i * size + j] = 2 * t * powers[i * size + j - 1] - powers[i * size + j - 2];
    });
    this.factor.add(powers, values.length);
  }

  /** The series by the names of the columns. */
  columns(): [string, ChebyshevSeries][] {
    const { degree, low, high } = this;
    const size = degree + 1;
    const { triangle } = this.factor;
    const inverse = matrix(size, size);
    for (let i = 0; i < size; i++) {
      const own = triangle.data[i * size + i];
      if (!(Math.abs(own) > 1e-10 * Math.abs(triangle.data[0]))) throw this.tooFewValues();
      for (let k = i; k >= 0; k--) {
        let sum = k === i ? 1 : 0;
        for (let j = k + 1; j <= i; j++) sum -= triangle.data[k * size + j] * inverse.data[j * size + i];
        inverse.data[k * size + i] = sum / triangle.data[k * size + k];
      }
      if (own < 0) for (let k = 0; k <= i; k++) inverse.data[k * size + i] *= -1;
    }
    return Array.from({ length: degree }, (_, i) => {
      const coefficients = Array.from({ length: i + 2 }, (_, k) => inverse.data[k * size + i + 1]);
      return [factorName({ ...this.named, expression: { ...this.call, index: i + 1 } }), { low, high, coefficients }];
    });
  }

  private tooFewValues(): InputError {
    const [x] = this.call.args.map(expressionText);
    return new InputError(
      `poly(${x}, ${this.degree}) needs more than ${this.degree} different values of ${x}, and there are no more; give a lower degree.`,
    );
  }
}
