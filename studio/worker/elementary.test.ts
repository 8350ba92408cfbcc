import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import log from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";
import { expect, it } from "vitest";
import { createRandom } from "../../src/rng/xoshiro.ts";

it("the page's elementary functions are those of Node, to the last bit", () => {
  const random = createRandom(1, 0, 1);
  for (let k = 0; k < 20_000; k++) {
    const x = random.normal() * 10 ** (random.uniform() * 5 - 3);
    const positive = Math.abs(x);
    expect([exp(x), expm1(x), log(positive), log1p(positive)]).toEqual([
      Math.exp(x),
      Math.expm1(x),
      Math.log(positive),
      Math.log1p(positive),
    ]);
  }
});
