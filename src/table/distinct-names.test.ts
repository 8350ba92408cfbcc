import { expect, it } from "vitest";
import { distinctNames } from "./distinct-names.ts";

it("tells apart names that differ by capitals or are taken, and leaves the others as they are", () => {
  expect(distinctNames(["a", "A", "b", "Draw", "chain"], ["chain", "draw"])).toEqual([
    ...["a", "A_2", "b", "Draw_2", "chain_2"],
  ]);
  expect(distinctNames(["a", "A", "A_2", "a_3"], [])).toEqual(["a", "A_4", "A_2", "a_3"]);
});
