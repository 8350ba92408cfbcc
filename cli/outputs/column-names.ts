import { visible } from "../render/visible.ts";

/**
 * Names of columns, each different from the others and from those taken where capitals do not count, as they do not in DuckDB and
 * other readers: the later of two gets _2, as in saved fits.
 */
export function columnNames(names: readonly string[], taken: readonly string[]): string[] {
  const key = (name: string) => name.toLowerCase();
  const used = new Set(taken.map(key));
  const own = new Set(names.map(key));
  return names.map((name) => {
    let column = name;
    for (let n = 2; used.has(key(column)) || (column !== name && own.has(key(column))); n++) column = `${name}_${n}`;
    used.add(key(column));
    return column;
  });
}

/** Says on standard error which columns of a file have another name than what is in them. */
export function tellRenamed(path: string, names: readonly string[], columns: readonly string[]): void {
  const renamed = names.flatMap((name, i) => (name === columns[i] ? [] : [`"${name}" is the column "${columns[i]}"`]));
  if (renamed.length === 0) return;
  const shown = renamed.length > 5 ? [...renamed.slice(0, 5), `and ${renamed.length - 5} more`] : renamed;
  const note = `${path} cannot have columns whose names differ only by capitals, or two of one name: ${shown.join(", ")}.`;
  process.stderr.write(`Note: ${visible(note)}\n`);
}
