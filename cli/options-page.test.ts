import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { effectOptions } from "../src/options/effect-options.ts";
import { kFoldOptions, looOptions } from "../src/options/loo-options.ts";
import { defaultText, flagOf, type OptionTable } from "../src/options/option.ts";
import { optionGroups } from "../src/options/options.ts";
import { predictOptions } from "../src/options/predict-options.ts";
import { updateOptions } from "../src/options/update-options.ts";
import { watchOptions } from "../src/options/watch-options.ts";
import { coefficientDensities, scaleDensities } from "../src/priors/densities.ts";
import { samplers } from "../src/sampling/registry.ts";
import { takersOf } from "./option-takers.ts";

// Pages that are made from the tables of options and laws. `npx vitest run cli/options-page.test.ts --update` writes docs/options.md anew.

const intro = `# Options

Every option has a name in the library and a flag in the command, and means the same in both: \`fit(input, { batchSize: 100 })\` is
\`ornstein fit … --batch-size 100\`. All of them can be left out. What they may be is checked before anything is read.

\`ornstein compare\` and \`compare\` take the same but for those of the samplers; \`sampleModel\` takes those of the samplers and of
the run. Options that the command alone has (files that are read and written, threads, progress) are listed by
\`ornstein fit --help\`.

This page is made from the table of options in \`src/options/\`, and a test compares the two.
`;

const titles: Readonly<Record<keyof typeof optionGroups, string>> = {
  data: "Rows",
  model: "Model",
  priors: "Priors",
  sampler: "Sampler",
  run: "Run",
};
const remarks: Partial<Record<keyof typeof optionGroups, string>> = {
  priors: "How priors are written, and what each law is for: [priors](priors.md).",
  sampler: "An option of the steps is for the samplers that are named; with others it is refused.",
};

const cell = (text: string) => text.replaceAll("|", "\\|");

function section(title: string, options: OptionTable, remark?: string): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const takers = takersOf(name, option).map((taker) => `\`${taker}\``);
    const takes = name === "sampler" ? `auto, ${samplers.map((sampler) => sampler.name).join(", ")}` : option.takes;
    const what = takers.length > 0 ? `${option.help} (for ${takers.join(", ")})` : option.help;
    return `| \`${name}\` | \`${flagOf(name)}\` | ${cell(what)} | ${cell(takes)} | ${cell(defaultText(option))} |`;
  });
  const head = "| library | command | what it does | takes | default |\n|---|---|---|---|---|";
  return [`## ${title}`, ...(remark ? [remark] : []), `${head}\n${rows.join("\n")}`].join("\n\n");
}

it("docs/options.md is the table of options", async () => {
  const groups = Object.keys(optionGroups) as (keyof typeof optionGroups)[];
  const sections = groups.map((group) => section(titles[group], optionGroups[group], remarks[group]));
  sections.push(
    section("Predictions", predictOptions, "Of `predict` and `ornstein predict`: [predictions](prediction.md)."),
  );
  sections.push(
    section(
      "Effects",
      effectOptions,
      "Of `effects`, `posterior.effects` and `ornstein effects`: [effects](effects.md).",
    ),
  );
  sections.push(
    section("Loo", looOptions, "Of `loo`, `posterior.loo` and `ornstein loo`: [comparing models](loo.md)."),
    section("K-fold", kFoldOptions, "Of `kFold` and `ornstein loo --k-fold`: [comparing models](loo.md#k-fold)."),
  );
  sections.push(
    section(
      "Updates",
      updateOptions,
      "Of `update`, `posterior.update` and `ornstein update`: [more rows later](update.md).",
    ),
  );
  sections.push(section("Streams", watchOptions, "Of `ornstein watch`: [streams](streams.md)."));
  const page = `${[intro.trim(), ...sections].join("\n\n")}\n`;
  await expect(page).toMatchFileSnapshot("../docs/options.md");
});

it("docs/priors.md has every law as its file says", async () => {
  const page = await readFile(new URL("../docs/priors.md", import.meta.url), "utf8");
  for (const { kind, parameters, equation, use } of [...coefficientDensities, ...scaleDensities])
    expect(page).toContain(`| \`${kind}(${parameters.join(", ")})\` | ${equation} | ${use} |`);
});
