import { expect, it } from "vitest";
import { columnNames } from "./column-names.ts";

it("tells apart names that differ by capitals or are taken, and leaves the others as they are", () => {
  expect(columnNames(["a", "A", "b", "Draw", "chain"], ["chain", "draw"])).toEqual([
    ...["a", "A_2", "b", "Draw_2", "chain_2"],
  ]);
  expect(columnNames(["a", "A", "A_2", "a_3"], [])).toEqual(["a", "A_4", "A_2", "a_3"]);
});
