import type { NamedDraws } from "../src/prediction/predictive-fit.ts";

/** Has the browser save a file. */
export function download(name: string, type: string, content: string | Uint8Array): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The draws as rows: chain and draw, counted from 0 as by the command, and a column for each parameter, every digit. */
export function drawsAsCsv({ draws }: { readonly draws: NamedDraws }): string {
  const names = [...draws.keys()];
  const columns = [...draws.values()];
  const lines = [["chain", "draw", ...names].map(quoted).join(",")];
  columns[0].forEach((values, chain) => {
    for (let draw = 0; draw < values.length; draw++)
      lines.push([chain, draw, ...columns.map((chains) => chains[chain][draw])].join(","));
  });
  return `${lines.join("\n")}\n`;
}
