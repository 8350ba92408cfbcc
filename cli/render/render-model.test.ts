import { describe, expect, it } from "vitest";
import { renderModel } from "./render-model.ts";

const data = { rows: 10, droppedRows: 0, columns: 3, target: "status = well" };
const event = { ...data, event: "well", modelled: "P(status = well)" };
const references = { weekday: "Friday", "C(code)": "1" };
const lines = (...args: Parameters<typeof renderModel>) =>
  renderModel(...args)
    .join("\n")
    .split("\n");

describe("what is modelled", () => {
  it("is the event, and the level that each factor is compared with", () => {
    expect(lines({ data: event, references }, 120)).toEqual([
      "models P(status = well); weekday: against Friday; C(code): against 1",
    ]);
    expect(lines({ data, references }, 120)).toEqual(["weekday: against Friday; C(code): against 1"]);
    expect(renderModel({ data, references: {} }, 120)).toEqual([]);
  });

  it("is the classes, and the one that they are compared with", () => {
    const kind = { ...data, target: "kind", classes: ["a", "b", "c"] };
    expect(lines({ data: { ...kind, referenceClass: "a" }, references: {} }, 120)).toEqual([
      "kind: classes a, b, c, against a",
    ]);
    expect(lines({ data: kind, references: {} }, 120)).toEqual(["kind: classes a, b, c, all with coefficients"]);
    const many = { ...kind, classes: Array.from({ length: 54 }, (_, k) => `k${k}`), referenceClass: "k0" };
    expect(lines({ data: many, references: {} }, 120)).toEqual(["kind: 54 classes, k0, k1, k2, …, k53, against k0"]);
  });

  it.each([40, 60, 90])("breaks between factors in %i columns", (width) => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, k) => [`factor ${k}`, `a level ${k}`]));
    const shown = lines({ data: event, references: many }, width);
    expect(shown.length).toBeGreaterThan(1);
    for (const line of shown) {
      expect(line.length).toBeLessThanOrEqual(width);
      expect(line.trim()).toMatch(
        /^(models P\(status = well\);|factor \d: against a level \d;?)( factor \d: against a level \d;?)*$/,
      );
    }
  });

  it("counts factors that are too many, and shortens or quotes levels that are no words", () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`f${k}`, "a"]));
    expect(lines({ data, references: many }, 110).join(" ")).toMatch(
      /f11: against a; +and 8 more factors \(--json has them all\)$/,
    );
    const odd = { a: "", b: " x", c: "one; two", d: "l\nm", e: "x".repeat(60) };
    expect(lines({ data, references: odd }, 200).join(" ").replace(/ +/g, " ")).toBe(
      `a: against ""; b: against " x"; c: against "one; two"; d: against "l\\nm"; e: against ${"x".repeat(39)}…`,
    );
  });
});
