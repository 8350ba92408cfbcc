import type { Posterior } from "../fit/posterior.ts";
import { type Html, html, section } from "./html.ts";
import { count } from "./numbers.ts";

/** What wrote the fit, where that is known. */
export interface ReportOrigin {
  readonly version?: string;
  readonly command?: string;
}

/** What it takes to have the same numbers once more. */
export function howToDoItAgain(
  { formula, settings, options = {} }: Posterior,
  { version, command }: ReportOrigin,
): Html {
  const given = JSON.stringify(options, null, 2);
  const call = `const posterior = await fit({ data, formula: ${JSON.stringify(formula)} }, ${given});`;
  return section(
    "How to do it again",
    html`<p>With the same data, ${version === undefined ? "the same version of ornstein" : html`ornstein ${version}`} and the seed ${settings.seed} draws are the same numbers: ${settings.chains} chains of ${count(settings.draws)} draws.</p>
<pre><code>${command ?? call}</code></pre>
`,
  );
}
