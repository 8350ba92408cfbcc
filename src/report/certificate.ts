import type { Certificate } from "../diagnostics/certificate/certificate.ts";
import { percent } from "../diagnostics/certificate/wording.ts";
import type { Posterior } from "../fit/posterior.ts";
import { type Html, html, section } from "./html.ts";

const verdicts: Readonly<Record<Certificate["verdict"], string>> = {
  ok: "Every check of the computation passed: the numbers are those of the model that was asked for.",
  warning: "The numbers stand, but read the marked sentences of the certificate below.",
  failed:
    "A check that the numbers rest on failed. Do not use them before the marked sentences of the certificate below are settled.",
};

const marks = { ok: "✓", warning: "!", failed: "✗" } as const;

/** In the place of honour: whether the numbers can be used. */
export function verdictOf({ certificate: { verdict } }: Posterior): Html {
  return html`<p class="verdict ${verdict}"><strong>Certificate: ${verdict}.</strong> ${verdicts[verdict]} It says nothing of whether the model
is a good one.</p>
`;
}

/** What each check asks, in plain words. */
const questions: Readonly<Record<string, string>> = {
  convergence: "Do the chains agree, and are there enough draws?",
  prediction: "Do the draws spread as theory says?",
  accuracy: "How large is the error that the settings make?",
  exact: "Are the numbers those of the posterior, which is known here?",
  nuts: "Could the sampler follow the posterior?",
  quadrature: "Are the groups' effects integrated out closely enough?",
  crossed: "Are crossed effects followed closely enough?",
  prior: "How much does the prior decide?",
  A1: "Is the noise of the gradients normal?",
  A2: "Is that noise the same everywhere?",
  A3: "Are the steps short?",
  A4: "Is the posterior close to normal?",
  A5: "Do the data vary as the model says?",
};

export function certificateOf({ certificate, settings }: Posterior): Html {
  const { checks, assumptions, notes, verdict, maxSdError } = certificate;
  const item = (state: keyof typeof marks, question: string | undefined, message: string) =>
    html`<li class="${state}"><b>${marks[state]}</b>${question === undefined ? undefined : html`<strong>${question}</strong> `}${message}</li>
`;
  const error =
    maxSdError.predicted === null
      ? undefined
      : html`, with an error of ${percent(maxSdError.predicted)} at most in any posterior sd by its settings`;
  return section(
    "The certificate",
    html`<p>How the numbers were computed, and how far off that may be: by the sampler ${settings.sampler}${error}. Settings: ${settings.because}.</p>
<ul class="checks">
${checks.map(({ id, passed, slight, message }) => item(passed ? "ok" : slight || verdict !== "failed" ? "warning" : "failed", questions[id], message))}
${assumptions.map(({ id, passed, message }) => item(passed ? "ok" : "warning", questions[id], `${message} (${id})`))}
${notes.map((note) => item("warning", undefined, note))}</ul>
`,
  );
}
