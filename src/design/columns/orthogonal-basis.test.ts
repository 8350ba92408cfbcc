import { expect, test } from "vitest";
import { parseFormula } from "../../formula/formula.ts";
import { matrix, multiply, transpose } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { tableFromColumns } from "../../table/table.ts";
import { buildDesign } from "../build-design.ts";
import { rotatedPriors } from "./orthogonal-basis.ts";

const random = createRandom(8, 0, 1);
const numRows = 700;
const year = Array.from({ length: numRows }, () => 2000 + 10 * random.uniform());
const y = year.map((value) => Math.sin(value) + random.normal());
const table = { year, y, again: year.map((value) => 3 * value + 1) };

async function designs(formula: string, priorSds: readonly number[]) {
  const [source, parsed] = [tableFromColumns(table), parseFormula(formula)];
  return {
    plain: await buildDesign(source, parsed),
    rotated: await buildDesign(source, parsed, { priorSds: () => priorSds }),
  };
}

test("rows in the basis are orthogonal, and the same combinations of the columns", async () => {
  const { plain, rotated } = await designs("y ~ year + I(year^2) + I(year^3)", [2, 2, 3, 10]);
  const { basis, rows, stride } = rotated;
  const size = 4;
  const inverse = multiply(basis!.matrix, basis!.inverse);
  inverse.data.forEach((value, k) => {
    expect(value).toBeCloseTo(k % (size + 1) === 0 ? 1 : 0, 4);
  });
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let n = 0; n < numRows; n++) sum += (rows[n * stride + i] * rows[n * stride + j]) / numRows;
      expect(sum).toBeCloseTo(i === j ? 1 : 0, 4);
    }
  // Back in the columns: x̃ T⁻¹ = x, to what single precision keeps of it.
  for (let n = 0; n < numRows; n += 50) {
    const back = multiply(
      matrix(1, size, Float64Array.from(rows.subarray(n * stride, n * stride + size))),
      basis!.inverse,
    );
    for (let j = 0; j < size; j++) expect(back.data[j]).toBeCloseTo(plain.rows[n * plain.stride + j], 4);
  }
});

test("the prior of γ is that of β: independent, with the same density", async () => {
  const sds = [2, 0.5, 3, 10];
  const means = [0.5, -1, 0, 2];
  const { rotated } = await designs("y ~ year + I(year^2) + I(year^3)", sds);
  const basis = rotated.basis!;
  const priors = rotatedPriors(basis, means);
  // T diag(C²) Tᵀ = S², T mean = m.
  const scaled = matrix(
    4,
    4,
    basis.matrix.data.map((value, k) => value * priors[k % 4].sd),
  );
  multiply(scaled, transpose(scaled)).data.forEach((value, k) => {
    expect(value).toBeCloseTo(k % 5 === 0 ? sds[k / 5] ** 2 : 0, 6);
  });
  multiply(
    basis.matrix,
    matrix(
      4,
      1,
      Float64Array.from(priors, ({ mean }) => mean),
    ),
  ).data.forEach((value, j) => {
    expect(value).toBeCloseTo(means[j], 4);
  });
});

test("a combination that is 0 in every row has a column of zeros", async () => {
  const { rotated } = await designs("y ~ year + again", [2, 2, 10]);
  const basis = rotated.basis!;
  expect([...basis.isNull].filter((mark) => mark === 1)).toHaveLength(1);
  const null_ = basis.isNull.indexOf(1);
  for (let n = 0; n < numRows; n++) expect(rotated.rows[n * rotated.stride + null_]).toBe(0);
});
