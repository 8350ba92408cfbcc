import { afterAll, expect, it } from "vitest";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { useElementaryFunctionsOfNode } from "./elementary.ts";

const names = ["cos", "cosh", "exp", "expm1", "log", "log1p", "sin", "tanh"] as const;
const own = Object.fromEntries(names.map((name) => [name, Math[name]])) as Pick<Math, (typeof names)[number]>;
afterAll(() => void Object.assign(Math, own));

it("the page's elementary functions are those of Node, to the last bit", () => {
  useElementaryFunctionsOfNode();
  const random = createRandom(1, 0, 1);
  for (const name of names) {
    expect(Math[name]).not.toBe(own[name]);
    const isForPositive = name === "log" || name === "log1p";
    for (let k = 0; k < 10_000; k++) {
      const size = random.normal() * Math.exp(10 * random.uniform() - 6);
      const x = isForPositive ? Math.abs(size) : size;
      if (!Object.is(Math[name](x), own[name](x)))
        expect.fail(`${name}(${x}) is ${own[name](x)}, not ${Math[name](x)}`);
    }
    const whole = Array.from({ length: 101 }, (_, k) => k - 50);
    for (const x of [...whole, -0, Math.PI / 4, 3.2, 0.3, 21.9, 1e-300, -1e-9, 1e5])
      if (!isForPositive || x >= 0) expect(Math[name](x)).toBe(own[name](x));
  }
});
