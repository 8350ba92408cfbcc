import { describe, expect, it } from "vitest";
import { kindOf } from "./rows.mjs";
import { bytesOfRow } from "./scaling.mjs";

describe("scaling", () => {
  it("counts whole vectors of eight floats a row, with the intercept and the target", () => {
    expect([6, 7, 10, 30].map(bytesOfRow)).toEqual([32, 64, 64, 128]);
  });

  it("knows its kinds of rows", () => {
    expect(Object.keys(kindOf("numbers-64").truth)).toEqual(["v0", "v63"]);
    expect(() => kindOf("others")).toThrow("There is no kind of rows others");
  });
});
