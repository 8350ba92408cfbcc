import { visible } from "../render/visible.ts";

/** Says on standard error which columns of a file have another name than what is in them. */
export function tellRenamed(path: string, names: readonly string[], columns: readonly string[]): void {
  const renamed = names.flatMap((name, i) => (name === columns[i] ? [] : [`"${name}" is the column "${columns[i]}"`]));
  if (renamed.length === 0) return;
  const shown = renamed.length > 5 ? [...renamed.slice(0, 5), `and ${renamed.length - 5} more`] : renamed;
  const note = `${path} cannot have columns whose names differ only by capitals, or two of one name: ${shown.join(", ")}.`;
  process.stderr.write(`Note: ${visible(note)}\n`);
}
