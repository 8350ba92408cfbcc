import { it } from "vitest";
import { allSamplers } from "../numbers/cases.ts";
import { checkNumbers } from "../numbers/property.ts";

// test/slow/numbers.test.ts takes many more.
it("no number is none and every refusal is a sentence, whatever the scales and settings", {
  timeout: 120_000,
}, async () => {
  await checkNumbers(40, allSamplers, 17);
});
