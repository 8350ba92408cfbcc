import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { commandFolder } from "./command.ts";

const { at, ornstein } = commandFolder("multilevel");
const json = (file: string) => JSON.parse(readFileSync(at(file), "utf8"));
const lines = (file: string) => readFileSync(at(file), "utf8").trim().split("\n");

const random = createRandom(12, 0, 9);
const numGroups = 40;
const effects = Array.from({ length: numGroups }, () => [random.normal(), 0.5 * random.normal()]);

/** Rows of a straight line for each group. */
function rowsOf(file: string, perGroup: number, groups = numGroups) {
  const rows = ["school,x,y"];
  for (let g = 0; g < groups; g++) {
    const [a, b] = effects[g] ?? [random.normal(), 0.5 * random.normal()];
    for (let n = 0; n < perGroup; n++) {
      const x = 5 + 2 * random.normal();
      rows.push(`s${g},${x},${1 + 0.3 * x + a + b * (x - 5) + 0.6 * random.normal()}`);
    }
  }
  writeFileSync(at(file), `${rows.join("\n")}\n`);
}
rowsOf("train.csv", 12);
rowsOf("held-out.csv", 10);
rowsOf("others.csv", 8, 60);

describe("the command on a multilevel model", () => {
  it("fits, writes every group's effects, and says the same again", async () => {
    const asked = ["--effects", "effects.csv", "--save", "fit.nc", "--json", "fit.json"];
    const { status, stdout, stderr } = await ornstein(
      ...["fit", "train.csv", "-f", "y ~ x + (1 + x | school)", "--sampler", "laplace", "--draws", "250", "--quiet"],
      ...asked,
    );
    expect([0, 1], stderr).toContain(status);
    expect(stdout).toContain("(1 + x | school), 40 levels\n  sd Intercept ");
    const { coefficients, groups } = json("fit.json");
    expect(coefficients.map(({ name }: { name: string }) => name)).toEqual(["x", "Intercept", "sigma"]);
    const [{ term, factor, levels, sds, correlations, icc }] = groups;
    expect([term, factor, levels, icc]).toEqual(["(1 + x | school)", "school", 40, undefined]);
    expect(sds.map(({ name }: { name: string }) => name)).toEqual(["Intercept", "x"]);
    expect(Math.abs(sds[1].mean - 0.5)).toBeLessThan(4 * sds[1].sd);
    expect(correlations).toEqual([expect.objectContaining({ names: ["Intercept", "x"], mean: expect.any(Number) })]);
    expect(sds[0].standardized.sd).toBeGreaterThan(0);
    const rows = lines("effects.csv");
    expect(rows[0]).toBe("factor,level,name,mean,sd");
    expect(rows.length).toBe(1 + 2 * numGroups);
    // Of 40 true slopes as many as 90% within 1.645 sds, but for the chance of a binomial law.
    const slopes = rows.filter((row) => row.includes(",x,")).map((row) => row.split(","));
    const inside = slopes.filter(
      ([, level, , mean, sd]) => Math.abs(Number(mean) - effects[Number(level.slice(1))][1]) < 1.645 * Number(sd),
    );
    expect(inside.length).toBeGreaterThanOrEqual(30);
    const again = await ornstein("check", "fit.nc", "--json", "again.json", "--effects", "again.csv");
    expect(lines("again.csv")).toEqual(rows);
    expect(again.stdout).toContain("(1 + x | school), 40 levels");
    expect(json("again.json").groups).toEqual(groups);
  });

  it("predicts held-out rows of known groups, new groups and the population", async () => {
    const scores = async (data: string, groups?: string) => {
      const { status, stderr } = await ornstein(
        ...["predict", "fit.nc", data, "--json", "scores.json", "--quiet", ...(groups ? ["--groups", groups] : [])],
      );
      expect(status, stderr).toBe(0);
      return json("scores.json");
    };
    const known = await scores("held-out.csv");
    const asNew = await scores("held-out.csv", "new");
    const population = await scores("held-out.csv", "population");
    expect(known.warnings.join(" ")).not.toMatch(/level/);
    expect(known.scores.logScore).toBeGreaterThan(asNew.scores.logScore + 0.3);
    expect(asNew.scores.logScore).toBeGreaterThan(population.scores.logScore);
    expect(known.scores.rmse).toBeLessThan(0.75);
    const others = await scores("others.csv");
    expect(others.warnings.join(" ")).toMatch(/160 rows with a level of school that no row of the fit has/);
    await ornstein("predict", "fit.nc", "held-out.csv", "--out", "p.csv", "--quiet");
    const targets = lines("held-out.csv")
      .slice(1)
      .map((row) => Number(row.split(",")[2]));
    const names = lines("p.csv")[0].split(",");
    const inside = lines("p.csv")
      .slice(1)
      .filter((row, n) => {
        const of = (name: string) => Number(row.split(",")[names.indexOf(name)]);
        return targets[n] >= of("predictive_low") && targets[n] <= of("predictive_high");
      });
    // 400 rows, whose groups' 40 effects have errors in common: four times the binomial sd of 1.5%.
    expect(Math.abs(inside.length / targets.length - 0.9)).toBeLessThan(0.06);
  });

  it("finds the same mode whatever the order of the rows and the names of the groups", async () => {
    const [head, ...rows] = lines("train.csv");
    const order = createRandom(5, 0, 9);
    const permuted = rows.map((row) => ({ row, place: order.uniform() })).sort((a, b) => a.place - b.place);
    const renamed = permuted.map(({ row }) =>
      row.replace(/^s(\d+)/, (_, number) => String(90_000 - 7 * Number(number))),
    );
    writeFileSync(at("renamed.csv"), `${[head, ...renamed].join("\n")}\n`);
    const modes = async (data: string, group: string) => {
      const asked = ["--sampler", "laplace", "--draws", "100", "--quiet", "--json", "mode.json"];
      const { status, stderr } = await ornstein("fit", data, "-f", `y ~ x + (1 + x | ${group})`, ...asked);
      expect([0, 1], stderr).toContain(status);
      const { coefficients, groups } = json("mode.json");
      return [...coefficients, ...groups[0].sds, ...groups[0].correlations].map((each) => each.standardized);
    };
    const expected = await modes("train.csv", "school");
    const found = await modes("renamed.csv", "C(school)");
    expect(found.length).toBe(6);
    found.forEach(({ laplaceMean, laplaceSd }, k) => {
      // Newton's last step leaves 1e-5 sd, and sums over rows in another order differ in their last digits.
      expect(Math.abs(laplaceMean - expected[k].laplaceMean)).toBeLessThan(1e-4 * expected[k].laplaceSd);
      expect(laplaceSd / expected[k].laplaceSd).toBeCloseTo(1, 4);
    });
  });

  const golden = (name: string) => new URL(`../golden/multilevel/data/${name}.csv`, import.meta.url).pathname;
  const modeOf = ["--sampler", "laplace", "--draws", "100", "--quiet", "--json", "mode.json"];

  it("finds the mode where few nodes make loss and gradient differ", async () => {
    const formula = "seizures ~ treatment + x + offset(log(exposure)) + (1 | subject)";
    const { status, stderr } = await ornstein("fit", golden("counts"), "-f", formula, "--family", "poisson", ...modeOf);
    expect([0, 1], stderr).toContain(status);
    expect(json("mode.json").certificate.quadrature.error).toBeLessThan(0.02);
  });

  describe("with crossed factors", () => {
    const fit = (data: string, formula: string, ...asked: readonly string[]) =>
      ornstein("fit", golden(data), "-f", formula, "--draws", "60", "--chains", "2", "--quiet", ...asked);
    const formula = "y ~ x + (1 | rater) + (1 | sample)";

    it("takes the sampler by its name, and says the family's own parameters by theirs", async () => {
      const asked = ["--family", "student-t", "--nu", "4", "--sampler", "crossed", "--json", "crossed.json"];
      const { status, stderr } = await fit("crossed-heavy-tails", formula, ...asked);
      // So few draws are not enough for a certificate.
      expect([0, 1], stderr).toContain(status);
      const { settings, coefficients, groups } = json("crossed.json");
      expect(settings.sampler).toBe("crossed");
      expect(coefficients.map(({ name }: { name: string }) => name)).toEqual(["x", "Intercept", "sigma"]);
      expect(groups.map(({ factor }: { factor: string }) => factor)).toEqual(["rater", "sample"]);
      // Simulated with σ = 1.4; NUTS says 1.35 ± 0.06.
      expect(Math.abs(coefficients[2].mean - 1.35)).toBeLessThan(0.3);
    });

    it.each([
      [
        "another sampler",
        formula,
        ["--sampler", "nuts"],
        /nuts cannot be used here.*crossed factors.*sampler of their own/,
      ],
      ["steps of another", formula, ["--batch-size", "10"], /--batch-size does not apply to crossed/],
      [
        "none to cross",
        "y ~ x + (1 | rater)",
        ["--sampler", "crossed"],
        /--sampler crossed cannot be used here: it is for/,
      ],
      ["no groups at all", "y ~ x", ["--sampler", "crossed"], /--sampler crossed cannot be used here: it is for/],
      [
        "classes",
        "rater ~ y + (1 | sample) + (1 | C(x > 0))",
        ["--family", "categorical"],
        /categorical family has one for every/,
      ],
    ])("refuses %s in a sentence", async (_, asked, options, sentence) => {
      const { status, stderr } = await fit("crossed-heavy-tails", asked, ...options);
      expect(status).toBe(2);
      expect(stderr).toMatch(sentence);
    });
  });

  it("takes priors of groups by name, and says which there are", async () => {
    const fit = [
      "fit",
      "train.csv",
      "-f",
      "y ~ x + (1 + x | school)",
      "--sampler",
      "laplace",
      "--draws",
      "100",
      "--quiet",
    ];
    const tight = await ornstein(...fit, "--prior", "sd(school)[x]: exponential(200)", "--json", "tight.json");
    expect([0, 1], tight.stderr).toContain(tight.status);
    expect(json("tight.json").groups[0].sds[1].mean).toBeLessThan(0.9 * json("fit.json").groups[0].sds[1].mean);
    const unknown = await ornstein(...fit, "--prior", "sd(scool): exponential(1)");
    expect([unknown.status, unknown.stderr]).toEqual([
      2,
      expect.stringMatching(/"sd\(scool\)".*did you mean sd\(school\)/),
    ]);
    const odd = await ornstein(...fit, "--prior", "cor(school): normal(0, 1)");
    expect([odd.status, odd.stderr]).toEqual([2, expect.stringMatching(/correlations take lkj\(shape\)/)]);
    const flat = await ornstein("fit", "train.csv", "-f", "y ~ x", "--prior", "sd(school): exponential(1)", "--quiet");
    expect([flat.status, flat.stderr]).toEqual([2, expect.stringMatching(/no group terms such as/)]);
    const none = await ornstein("fit", "train.csv", "-f", "y ~ x", "--effects", "none.csv", "--quiet");
    expect([none.status, none.stderr]).toEqual([2, expect.stringMatching(/no group terms such as/)]);
    expect(existsSync(at("none.csv"))).toBe(false);
  });
});

/** Rows of `classes` classes in groups whose effects on each of them but the first are independent, of sds 1.5. */
function classRows(file: string, classes: string, numGroups: number, perGroup: number) {
  const random = createRandom(31, 0, 9);
  const rows = ["y,x,g,h"];
  for (let g = 0; g < numGroups; g++) {
    const effects = Array.from(classes, (_, k) => (k ? 1.5 * random.normal() : 0));
    for (let n = 0; n < perGroup; n++) {
      const x = random.normal();
      // The largest of η + Gumbel noise has the softmax's law.
      const scores = effects.map((b, k) => b + (k === 1 ? 0.8 * x : 0) - Math.log(-Math.log(random.uniform())));
      rows.push(`${classes[scores.indexOf(Math.max(...scores))]},${x},g${g},h${n % 3}`);
    }
  }
  writeFileSync(at(file), `${rows.join("\n")}\n`);
}

describe("classes in groups", () => {
  it("have effects of every class but the reference, and are predicted by them", async () => {
    classRows("classes.csv", "abc", 40, 12);
    const { status, stdout, stderr } = await ornstein(
      ...["fit", "classes.csv", "-f", "y ~ x + (1 | g)", "--sampler", "laplace", "--draws", "250", "--quiet"],
      ...["--save", "classes.nc", "--json", "classes.json", "--effects", "classes-effects.csv"],
    );
    expect([0, 1], stderr).toContain(status);
    expect(stdout).toContain("sd y[b]:Intercept");
    const { groups } = json("classes.json");
    expect(groups.map(({ sds }: { sds: { name: string }[] }) => sds.map(({ name }) => name))).toEqual([
      ["y[b]:Intercept"],
      ["y[c]:Intercept"],
    ]);
    for (const { sds } of groups) expect(Math.abs(sds[0].mean - 1.5)).toBeLessThan(4 * sds[0].sd);
    expect(lines("classes-effects.csv").length).toBe(1 + 2 * 40);
    const score = async (choice: string) => {
      const predicted = await ornstein(
        ...["predict", "classes.nc", "classes.csv", "--groups", choice, "--out", `${choice}.csv`, "--quiet"],
      );
      expect(predicted.status, predicted.stderr).toBe(0);
      const rows = lines("classes.csv").slice(1);
      const names = lines(`${choice}.csv`)[0].split(",");
      return lines(`${choice}.csv`)
        .slice(1)
        .reduce((sum, row, n) => {
          const cells = row.split(",");
          const probabilities = ["a", "b", "c"].map((level) => Number(cells[names.indexOf(`probability[${level}]`)]));
          expect(probabilities[0] + probabilities[1] + probabilities[2]).toBeCloseTo(1, 9);
          return sum + Math.log(probabilities["abc".indexOf(rows[n][0])]) / rows.length;
        }, 0);
    };
    const [known, fresh, population] = [await score("known"), await score("new"), await score("population")];
    // Effects of sd 1.5 tell far more of a row than x does; averaged over, they flatten the probabilities.
    expect(known).toBeGreaterThan(fresh + 0.15);
    expect(fresh).toBeGreaterThan(population);
  });

  it("are refused where their effects are too many, or factors are crossed", async () => {
    classRows("many.csv", "abcd", 12, 9);
    const slopes = await ornstein("fit", "many.csv", "-f", "y ~ x + (1 + x | g)", "--quiet");
    expect([slopes.status, slopes.stderr]).toEqual([
      2,
      expect.stringMatching(/6 effects a group, 2 for each of 3 classes/),
    ]);
    const crossed = await ornstein("fit", "many.csv", "-f", "y ~ x + (1 | g) + (1 | h)", "--quiet");
    expect([crossed.status, crossed.stderr]).toEqual([
      2,
      expect.stringMatching(/Crossed factors need one linear predictor/),
    ]);
  });
});

const shared = new URL("../../../shared/data/multilevel/toenail.csv", import.meta.url).pathname;
it.skipIf(!existsSync(shared))(
  "fits binary data of small groups, with an intraclass correlation (skipped where ../shared/data/multilevel is absent)",
  async () => {
    const { status, stdout, stderr } = await ornstein(
      ...["fit", shared, "-f", "outcome ~ time + (1 | patientID)", "--family", "bernoulli", "--sampler", "laplace"],
      ...["--draws", "100", "--quiet", "--effects", "toenail.parquet", "--json", "toenail.json"],
    );
    expect([0, 1], stderr).toContain(status);
    expect(stdout).toMatch(/icc \(beside π²\/3\)/);
    const [{ icc, sds }] = json("toenail.json").groups;
    const tau = sds[0].mean;
    expect(icc.residual).toBe("pi^2/3");
    expect(Math.abs(icc.mean - tau ** 2 / (tau ** 2 + Math.PI ** 2 / 3))).toBeLessThan(0.02);
  },
);
