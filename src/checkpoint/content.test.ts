import { serialize } from "node:v8";
import { expect, it } from "vitest";
import { contentOf } from "./content.ts";

const content = (value: unknown) =>
  [...contentOf(value)].map((piece) => (typeof piece === "string" ? piece : piece.toString())).join("");

it("is the same for equal values, however the engine holds them", () => {
  const wasFraction = [0.5];
  wasFraction[0] = 2;
  expect(serialize(wasFraction)).not.toEqual(serialize([2]));
  expect(content(wasFraction)).toBe(content([2]));
  expect(content({ a: 1, b: undefined })).toBe(content({ a: 1 }));
});

it("differs where values do", () => {
  const values = [
    ...[0, -0, 1, "1", true, null, undefined, Number.NaN, [], {}, [[]], [1, 2], [12], ["1 2"], [[1], 2], [[1, 2]]],
    ...[
      { a: 1 },
      { b: 1 },
      { a: { b: 1 } },
      Float64Array.of(1),
      Float32Array.of(1),
      Float64Array.of(1, 2),
      'a" b',
      "a",
    ],
  ];
  expect(new Set(values.map(content)).size).toBe(values.length);
});
