import Papa from "papaparse";
import { InputError } from "../../src/errors.ts";
import { formatCount } from "../../src/table/table-source.ts";
import { classifyColumn, type ReadColumn } from "./column-classes.ts";

/** Files up to this size the command reads to the end before it decides on types, and so does the page. */
const maxBytes = 200e6;
const delimiters = [",", ";", "\t", "|"];

const instead = "open it by ornstein studio FILE, which reads it as the command does";

/** A file of text with delimiters, as the columns that the command would make of it. @throws InputError where that is not sure */
export async function readCsv(file: File): Promise<readonly ReadColumn[]> {
  if (file.size > maxBytes)
    throw new InputError(
      `${file.name} is larger than ${formatCount(maxBytes / 1e6)} MB, the most that the page reads by itself; ${instead}.`,
    );
  const text = await textOf(file);
  const delimiter = delimiterOf(text, file.name);
  requirePlain(text, delimiter, file.name);
  const rows = rowsBy(text, delimiter, file.name);
  const [header, ...body] = rows;
  if (body.length === 0) throw new InputError(`${file.name} has a header and no rows.`);
  requireHeader(header, file.name);
  const columns = header.map((name, j) =>
    classifyColumn(
      name,
      body.map((row) => row[j]),
    ),
  );
  // The command takes the first line for names where it is of another kind than the others.
  if (!columns.some(({ info }) => info.type === "number" && !info.isTime))
    throw new InputError(
      `No column of ${file.name} holds numbers alone, so that it is not sure whether its first line is a header; ${instead}.`,
    );
  return columns;
}

async function textOf(file: File): Promise<string> {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const isZipped = start[0] === 0x1f && start[1] === 0x8b;
  const stream = isZipped ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const bytes = await new Response(stream).arrayBuffer();
  if (bytes.byteLength > maxBytes)
    throw new InputError(
      `${file.name} holds more than ${formatCount(maxBytes / 1e6)} MB, the most that the page reads by itself; ${instead}.`,
    );
  const [a, b] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  const encoding = a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${file.name} is no text in UTF-8; save it as UTF-8 first.`);
  }
}

/** The delimiter by which all of the first lines have the same number of fields, if there is one alone. */
function delimiterOf(text: string, label: string): string {
  const fits = delimiters.filter((delimiter) => {
    const { data } = Papa.parse<string[]>(text, { delimiter, preview: 100 });
    const rows = data.filter((row) => row.length > 1 || row[0] !== "");
    return rows.length > 1 && rows[0].length > 1 && rows.every((row) => row.length === rows[0].length);
  });
  if (fits.length === 1) return fits[0];
  const [first] = text.split(/\r?\n/, 1);
  const used = delimiters.filter((delimiter) => first.includes(delimiter));
  // A line has another number of fields: `rowsBy` says which.
  if (fits.length === 0 && used.length === 1) return used[0];
  const why =
    fits.length === 0
      ? "has no commas, semicolons, tabs or bars between its fields"
      : "can be read with more than one delimiter";
  throw new InputError(`${label} ${why}; ${instead}.`);
}

/** @throws InputError where quotes or comments may be meant in several ways */
function requirePlain(text: string, delimiter: string, label: string): void {
  const doubt = (what: string) =>
    new InputError(`${label} has ${what}, which readers take in several ways; ${instead}.`);
  if (text.includes("\0")) throw new InputError(`${label} is not a table: it holds binary data; use CSV or Parquet.`);
  if (/^\s*(\[\s*)?\{\s*"/.test(text))
    throw new InputError(`${label} seems to be JSON, which the page does not read by itself; ${instead}.`);
  if (/(^|\n)\s*#/.test(text)) throw doubt("lines that begin with #");
  if (text.includes('\\"')) throw doubt('quotes as \\"');
  const mark = delimiter === "\t" ? "\\t" : `\\${delimiter}`;
  if (new RegExp(`(^|\\n|${mark})'[^${mark}\\n]*'($|\\r?\\n|${mark})`).test(text))
    throw doubt("fields in single quotes");
  if (new RegExp(`[^${mark}\\n\\r"]"[^${mark}\\n\\r"]`).test(text) && !isQuotedWell(text))
    throw doubt("quotes within fields");
  if (/\r(?!\n)/.test(text)) throw doubt("line ends of a sort that is rare");
}

/** Whether quotes stand around whole fields only. */
function isQuotedWell(text: string): boolean {
  return Papa.parse<string[]>(text, { preview: 0, step: undefined }).errors.every(({ type }) => type !== "Quotes");
}

function rowsBy(text: string, delimiter: string, label: string): string[][] {
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\ufeff/, ""), { delimiter });
  const quotes = errors.find(({ type }) => type === "Quotes");
  if (quotes)
    throw new InputError(
      `A field in quotes of ${label} does not end as it should (row ${(quotes.row ?? 0) + 1}); mend it.`,
    );
  while (data.length > 0 && data[data.length - 1].length === 1 && data[data.length - 1][0] === "") data.pop();
  if (data.length === 0) throw new InputError(`${label} is empty; it needs at least a row of data.`);
  const odd = data.findIndex((row) => row.length !== data[0].length);
  if (odd >= 0)
    throw new InputError(
      `Row ${formatCount(odd + 1)} of ${label} has ${data[odd].length} fields, and its header has ${data[0].length}; mend it, or put a field that holds the delimiter into quotes.`,
    );
  return data;
}

function requireHeader(names: readonly string[], label: string): void {
  const plain = names.map((name) => name.toLowerCase());
  const twice = names.find((_, j) => plain.indexOf(plain[j]) !== j);
  if (twice !== undefined)
    throw new InputError(`${label} has more than one column called ${twice}; give each a name of its own.`);
  if (names.some((name) => name.trim() === "" || name !== name.trim()))
    throw new InputError(`The header of ${label} has a name that is blank or begins or ends with a blank; ${instead}.`);
  if (names.every((name) => !Number.isNaN(Number(name))))
    throw new InputError(`The first line of ${label} holds numbers; write the names of the columns above it.`);
}
