import { fit } from "../../src/fit/fit-inline.ts";
import type { FitOptions } from "../../src/options/options.ts";
import type { Chance } from "./chance.ts";
import { fuzz, requireFinite } from "./property.ts";
import { tableOf } from "./tables.ts";

const models: readonly (readonly [formula: string, family?: FitOptions["family"]])[] = [
  ["y ~ x + city"],
  ["late ~ x + z"],
  ["city ~ x"],
  ["count ~ x", "poisson"],
  ["count ~ x", "negative-binomial"],
  ["y ~ x + z", "student-t"],
];
/** What an option is as a rule, so that the fit comes to an end; and what it may be besides. */
const usual: Readonly<Record<string, readonly unknown[]>> = {
  sampler: ["laplace", "laplace", "auto", "conjugate"],
  standardize: ["auto", "features", "none"],
  storage: ["auto", "dense", "sparse"],
  prior: [
    "normal(0, 1)",
    "student-t(3, 0, 1)",
    "laplace(0, 1)",
    { x: "normal(0, 0.1)" },
    "learned",
    ["x: normal(0, 1)"],
  ],
  interceptPrior: ["normal(0, 10)", "normal(5, 1)", "student-t(3, 0, 5)"],
  weights: ["1 + late", "z", "count", "0.1", "abs(x)"],
  seed: [0, 1, 2 ** 40],
  draws: [4, 10, 30],
  chains: [1, 2, 3],
  tolerance: [0.05, 0.5],
  event: ["true", false, "Oslo"],
  classCoding: ["reference", "symmetric"],
  sigma: ["learned", "em", 0.5],
  sigmaPrior: ["half-normal(1)", "exponential(2)", "half-student-t(3, 0, 10)"],
  nu: ["learned", 4],
  dispersion: ["learned", 0.3],
};
const odd: readonly unknown[] = [
  ...[
    null,
    "",
    "nothing",
    -1,
    0,
    0.5,
    1e-300,
    1e300,
    Number.NaN,
    Infinity,
    "1",
    true,
    [],
    {},
    [[]],
    () => 1,
    5n,
    Symbol("s"),
  ],
  ...["normal(0, 0)", "normal(0, -1)", "normal(1e300, 1e-300)", "normal(0, 1e300)", "x + nope", "(", "learned"],
];
/** Those that belong to some family only, and are refused elsewhere. */
const ofFamilies = ["event", "classCoding", "sigma", "sigmaPrior", "nu", "dispersion"];

function optionsOf(chance: Chance): Record<string, unknown> {
  const options: Record<string, unknown> = { sampler: "laplace", draws: 20, chains: 2, tolerance: 0.5 };
  for (let times = 1 + chance.below(3); times > 0; times--) {
    const names = Object.keys(usual).filter((name) => !ofFamilies.includes(name) || chance.happens(0.1));
    const name = chance.of(names);
    options[name] = chance.happens(0.08) ? chance.of(odd) : chance.of(usual[name]);
  }
  if (chance.happens(0.03)) options[chance.of(["nope", "__proto__", "toString", "draw"])] = 1;
  return options;
}

const shown = (value: unknown) => `${typeof value === "object" ? JSON.stringify(value) : String(value)}`;

fuzz("choices of options", 50, async (chance) => {
  const rows = tableOf(chance, 80);
  const data = Object.fromEntries(Object.keys(rows[0]).map((name) => [name, rows.map((row) => row[name])]));
  const [formula, family] = chance.of(models);
  const options = { ...(family && { family }), ...optionsOf(chance) };
  return {
    about: `${formula}, ${Object.entries(options).map(([name, value]) => `${name}: ${shown(value)}`)}`,
    run: async (signal) => requireFinite(await fit({ data, formula }, { ...options, signal } as FitOptions)),
  };
});
