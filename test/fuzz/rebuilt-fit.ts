import { type Dataset, File, type Group, ready } from "h5wasm/node";

type Data = Float64Array | Float32Array | Int32Array | Uint8Array | string[];

/** A variable of a saved fit as it is to be written. */
export interface Variable {
  data: Data;
  shape: number[];
  /** Larger than the data, where the rest is left to be filled. */
  grown?: number[];
  compression?: number;
}

/** A saved fit taken apart: attributes and variables by their groups, "" being the root. */
export interface FitParts {
  attributes: Record<string, Record<string, unknown>>;
  variables: Record<string, Record<string, Variable>>;
}

/** Everything of a saved fit. */
export async function partsOf(path: string): Promise<FitParts> {
  await ready;
  const file = new File(path, "r");
  const parts: FitParts = { attributes: { "": valuesOf(file) }, variables: {} };
  for (const name of file.keys()) {
    const group = file.get(name) as Group;
    parts.attributes[name] = valuesOf(group);
    parts.variables[name] = {};
    for (const variable of group.keys()) {
      const { value, shape } = group.get(variable) as Dataset;
      parts.variables[name][variable] = { data: value as Data, shape: [...shape!] };
    }
  }
  file.close();
  return parts;
}

function valuesOf({ attrs }: File | Group): Record<string, unknown> {
  const own = Object.keys(attrs).filter((name) => name !== "_NCProperties");
  return Object.fromEntries(own.map((name) => [name, attrs[name].value]));
}

/** The file that the parts make, its checksums right: the texts' own is made anew. */
export async function fileOf(parts: FitParts, path: string): Promise<void> {
  await ready;
  const file = new File(path, "w", { track_order: true });
  const root = { ...parts.attributes[""] };
  const texts = [root.ornstein_result, root.ornstein_recipe];
  if (texts.every((text) => typeof text === "string")) root.ornstein_checksum = checksum(texts as string[]);
  write(file, root);
  for (const [name, variables] of Object.entries(parts.variables)) {
    const group = file.create_group(name, true);
    write(group, parts.attributes[name] ?? {});
    for (const [variable, { data, shape, grown, compression }] of Object.entries(variables)) {
      const chunks = compression || grown ? shape.map((size) => Math.max(1, size)) : undefined;
      const maxshape = grown && { maxshape: grown };
      const filter = compression && { compression };
      const made = group.create_dataset({
        name: variable,
        data,
        shape,
        ...(chunks && { chunks }),
        ...maxshape,
        ...filter,
      });
      if (grown) made.resize(grown);
    }
  }
  file.close();
}

function write(place: File | Group, attributes: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "number")
      place.create_attribute(name, value, [], name === "ornstein_format" ? "<i" : undefined);
    else if (value !== null && value !== undefined) place.create_attribute(name, value as string);
  }
}

/** FNV-1a, as src/persistence/saved-fit.ts has it: what an attacker would compute too. */
function checksum(texts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const text of texts)
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** The parts again, to be changed. */
export function copyOf({ attributes, variables }: FitParts): FitParts {
  return structuredClone({ attributes, variables });
}
