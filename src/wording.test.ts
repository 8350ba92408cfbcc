import fc from "fast-check";
import { expect, it } from "vitest";
import { percent, quoted, twoDigits } from "./wording.ts";

it.each([
  [0, "less than 0.01%"],
  [0.00009, "less than 0.01%"],
  [0.0123, "1.2%"],
  [0.05, "5.0%"],
  [0.9949, "99%"],
  [0.996, "100%"],
  [1, "100%"],
  [12.345, "1,235%"],
  [Number.NaN, "an unknown amount"],
  [Number.POSITIVE_INFINITY, "an unknown amount"],
])("percent(%f) is %s", (share, words) => expect(percent(share)).toBe(words));

it.each([
  [0.01234, "0.012"],
  [-0.01234, "-0.012"],
  [-1e-15, "0.0"],
  [9.96, "10"],
  [12345, "12,345"],
  [Number.NaN, "an unknown number"],
])("twoDigits(%f) is %s", (value, words) => expect(twoDigits(value)).toBe(words));

it("no number is written with an exponent, as NaN or as a negative zero", () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      for (const words of [percent(Math.abs(value)), twoDigits(value)]) {
        expect(words).not.toMatch(/NaN|Infinity|∞|\de[+-]|^-0(\.0+)?%?$/);
      }
    }),
  );
});

it.each([
  ["Oslo", '"Oslo"'],
  ["a\r\nb", '"a\\nb"'],
  ["x".repeat(61), `"${"x".repeat(57)}…"`],
])("what the data hold stands in one line: %j", (text, shown) => expect(quoted(text)).toBe(shown));
