import type { Posterior } from "../fit/posterior.ts";
import { plotCoefficients } from "../plots/coefficients.ts";
import { plotGroupEffects } from "../plots/group-effects.ts";
import { plotSds } from "../plots/sds.ts";
import { plotTraces } from "../plots/traces.ts";
import { asHtml, type Html, html, section, withoutUnseen } from "./html.ts";

/** A picture that carries its own title and caption. */
export const figure = (
  svg: string,
): Html => html`<figure>${asHtml(withoutUnseen(svg.trim()).replace(namesOfMarks, "$1"))}</figure>
`;

/** Plot's own names of marks, such as "rule": the picture is read out by its label, and groups of marks may have none. */
const namesOfMarks = /(<g\b[^>]*?) aria-label="[^"]*"/g;

/** So many levels of a factor are drawn: more are grey on a page. */
const mostLevels = 40;

export async function pictureOfCoefficients(fit: Posterior): Promise<Html> {
  const isOfColumns = fit.coefficients.length > 1 || (fit.groups?.length ?? 0) > 0;
  return isOfColumns ? section("The coefficients in a picture", figure(await plotCoefficients(fit))) : asHtml("");
}

export async function picturesOfGroups(fit: Posterior): Promise<Html> {
  const pictures: Html[] = [];
  for (const { factor } of fit.groupEffects ?? [])
    pictures.push(figure(await plotGroupEffects(fit, { factor, most: mostLevels })));
  return pictures.length === 0 ? asHtml("") : section("The groups", ...pictures);
}

export async function picturesOfDraws(fit: Posterior): Promise<Html> {
  return section("The draws", figure(await plotTraces(fit)), figure(await plotSds(fit)));
}
