import fc from "fast-check";
import { expect, it } from "vitest";
import { visible, visibleTexts } from "./visible.ts";

it("writes what a terminal would obey, and leaves letters of every language", () => {
  expect(visible("\u001b[31mred\u0007\r\n\tßé漢 🙂")).toBe("\\e[31mred\\u{7}\\r\\n\\tßé漢 🙂");
  expect(visible("a\u202eb\u2028c\u009bd")).toBe("a\\u{202e}b\\u{2028}c\\u{9b}d");
});

it("leaves nothing that a terminal obeys, whatever the text", () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom("\u001b", "\n", "\u009b", "\u202e"), fc.string()) });
  fc.assert(fc.property(text, (given) => !/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(visible(given))));
});

it("reaches texts within objects and arrays, keys too, and keeps numbers and typed arrays", () => {
  const draws = new Map([["a\n", [new Float64Array(2)]]]);
  const values = new Float64Array(2);
  const given = { name: "a\n", list: [{ level: "\u001b[8m", mean: 1, none: null }], "k\t": true, draws, values };
  const shown = { name: "a\\n", list: [{ level: "\\e[8m", mean: 1, none: null }], "k\\t": true, draws, values };
  expect(visibleTexts(given)).toEqual(shown);
  expect(visibleTexts(given).values).toBe(values);
});
