/** Text of a page in which nothing needs to be escaped any more. */
export interface Html {
  readonly html: string;
}

const escaped = (text: string) => text.replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Control characters but for the ends of lines, and those that turn the direction of writing: names and levels come from files. */
const unseen = /[\u2028\u2029\u202a-\u202e\u2066-\u2069]|[^\P{Cc}\n]/gu;
export const withoutUnseen = (text: string) => text.replace(unseen, "\u{fffd}");

type Part = Html | string | number | undefined | readonly Html[];

/** A template whose values are escaped, unless they are made by it themselves. */
export function html(texts: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: texts.reduce((page, text, k) => `${page}${textOf(values[k - 1])}${text}`) };
}

function textOf(value: Part): string {
  if (value === undefined) return "";
  if (typeof value === "string") return escaped(withoutUnseen(value));
  if (typeof value === "number") return String(value);
  return "html" in value ? value.html : value.map((own) => own.html).join("");
}

/** What is a part of a page already, such as the text of an SVG. */
export const asHtml = (text: string): Html => ({ html: text });

/** A name, a level or a formula, as it was written. */
export const code = (text: string): Html => html`<code>${text}</code>`;

/** A table whose first column is names, and which is scrolled where it is wider than the page. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly (Html | string)[])[],
  caption?: string,
): Html {
  const head = titles.map((title) => (title === "" ? html`<td></td>` : html`<th scope="col">${title}</th>`));
  const body = rows.map(
    ([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  );
  return html`${
    caption === undefined
      ? undefined
      : html`<p class="aside">${caption}</p>
`
  }<div class="wide"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>
`;
}

export function section(title: string, ...parts: readonly (Html | undefined)[]): Html {
  const own = parts.filter((part) => part !== undefined);
  return own.length === 0
    ? asHtml("")
    : html`<section>
<h2>${title}</h2>
${own}</section>
`;
}
