import { expect, it } from "vitest";
import { bytesOfSize, sizeText } from "./sizes.ts";

it("reads sizes in bytes, in powers of 10 and of 2", () => {
  expect(["1GiB", "500MB", "1.5 g", "3000000", 2 ** 21].map(bytesOfSize)).toEqual([
    2 ** 30,
    5e8,
    1.5 * 2 ** 30,
    3e6,
    2 ** 21,
  ]);
});

it("reads nothing of what is no size, or less than a mebibyte", () => {
  for (const none of ["", "much", "1 GiBs", "-1GB", "1e9", "100kB", 0, Number.NaN, Number.POSITIVE_INFINITY, null])
    expect(bytesOfSize(none), String(none)).toBeUndefined();
});

it("writes bytes in a unit that suits them", () => {
  expect([12, 2048, 2.688e9, 7 * 2 ** 40].map(sizeText)).toEqual(["12 bytes", "2 KiB", "2.5 GiB", "7 TiB"]);
});
