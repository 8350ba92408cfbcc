import type { Posterior } from "../fit/posterior.ts";
import { requireObject } from "../kinds.ts";
import { requireFit } from "../prediction/predictive-fit.ts";
import { howToDoItAgain, type ReportOrigin } from "./again.ts";
import { answers } from "./answers.ts";
import { certificateOf, verdictOf } from "./certificate.ts";
import { tables, whatWasAsked } from "./facts.ts";
import { asHtml, code, html, section } from "./html.ts";
import { answersOverRows, type OverRows } from "./over-rows.ts";
import { pictureOfCoefficients, picturesOfDraws, picturesOfGroups } from "./pictures.ts";
import { style } from "./style.ts";

/** What a report says beside the fit. */
export interface ReportOptions extends OverRows {
  /** Default: the formula. */
  readonly title?: string;
  /** What made the fit, as saved fits say of themselves: `saved.origin`. */
  readonly origin?: ReportOrigin;
}

/**
 * A fit as a page that stands by itself, for a browser or for paper: what was asked, the answer in sentences, pictures, tables, the
 * certificate, and how to do it again. It has no scripts, loads nothing, is light or dark as the reader's system is, and escapes every name and level.
 *
 * @param fit The result of `fit`, `loadFit` or `importFit`
 * @returns HTML
 * @throws InputError where the fit is none, or the packages that draw are not installed
 * @example
 * import { fit } from "ornstein";
 * import { report } from "ornstein/plots";
 *
 * const x = Array.from({ length: 200 }, (_, n) => Math.sin(n * n));
 * const y = x.map((value, n) => 1 + 2 * value + Math.sin(7 * n * n));
 * const page = await report(await fit({ data: { x, y }, formula: "y ~ x" }, { sampler: "conjugate" }), { title: "A line" });
 * console.log(page.slice(0, 15), page.includes("<h1>A line</h1>")); // <!doctype html> true
 */
export async function report(fit: Posterior, options: ReportOptions = {}): Promise<string> {
  requireFit(fit);
  requireObject(options, "The options of the report", "{ title, origin, effects, prediction }, or leave it out");
  const { title, origin = (fit as { origin?: ReportOrigin }).origin ?? {} } = options;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title ?? fit.formula}</title>
<style>${asHtml(style)}</style>
</head>
<body>
<header>
<h1>${title ?? code(fit.formula)}</h1>
${
  title === undefined
    ? undefined
    : html`<p class="sub">${code(fit.formula)}</p>
`
}${verdictOf(fit)}</header>
<main>
${section("The answer", answers(fit))}${await answersOverRows(options)}${await pictureOfCoefficients(fit)}${await picturesOfGroups(fit)}${whatWasAsked(fit)}${tables(fit)}${certificateOf(fit)}${await picturesOfDraws(fit)}${howToDoItAgain(fit, origin)}</main>
</body>
</html>
`;
  return page.html;
}
