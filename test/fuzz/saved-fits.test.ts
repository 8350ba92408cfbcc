import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { renderPosterior } from "../../cli/render/render-posterior.ts";
import { fit } from "../../src/fit/fit-inline.ts";
import { crc32 } from "../../src/persistence/crc-32.ts";
import { exportFit, importFit } from "../../src/persistence/portable-fit.ts";
import type { SavedFit } from "../../src/persistence/restored-fit.ts";
import { loadFit, saveFit } from "../../src/persistence/saved-fit-node.ts";
import { Chance } from "./chance.ts";
import { fuzz } from "./property.ts";
import { copyOf, type FitParts, fileOf, partsOf } from "./rebuilt-fit.ts";
import { spoilBytes, tableOf } from "./tables.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "fit.nc");
const columnsOf = (chance: Chance) => {
  const rows = tableOf(chance);
  return Object.fromEntries(Object.keys(rows[0]).map((name) => [name, rows.map((row) => row[name])]));
};
const data = columnsOf(new Chance(1, 0));
const rows = columnsOf(new Chance(2, 0));
const short = { chains: 2, draws: 30, tolerance: 0.5, keepTarget: true } as const;
const fits = await Promise.all([
  fit({ data, formula: "y ~ x + city" }, { ...short, sampler: "nuts" }),
  fit({ data, formula: "late ~ x*city + poly(z, 2) + I(x^2)" }, { ...short, sampler: "laplace" }),
  fit({ data, formula: "city ~ x + C(count)" }, { ...short, sampler: "laplace" }),
  fit({ data, formula: "count ~ x + day + offset(z / 100)" }, { ...short, sampler: "laplace", family: "poisson" }),
]);
const saved: FitParts[] = [];
for (const each of fits) {
  await saveFit(each, path);
  saved.push(await partsOf(path));
}
const exported = fits.map((each) => exportFit(each));

/** What a saved fit is for: its table, its predictions. @throws Error where a number of them is not finite */
async function use(loaded: SavedFit): Promise<void> {
  renderPosterior(loaded, { width: 100, color: false });
  JSON.stringify(loaded);
  const { columns, rows: count } = await loaded.predict(rows, { posteriorDraws: 30 });
  for (const [name, values] of Object.entries(columns))
    for (const value of values as ArrayLike<unknown> as unknown[])
      if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${name} of ${count} rows is ${value}`);
}

const odd = [
  null,
  0,
  -1,
  1.5,
  1e15,
  1e308,
  "",
  "x",
  "__proto__",
  true,
  [],
  {},
  [null],
  "a".repeat(3000),
  "y ~ x",
  "\u001b[2J",
];

/** Changes a value of JSON somewhere: mostly at a leaf that is a number or a text. */
function spoilJson(text: string, chance: Chance): string {
  const root = JSON.parse(text);
  let owner = root;
  let key: string | undefined;
  for (;;) {
    const keys = Object.keys(owner);
    if (keys.length === 0) break;
    key = chance.of(keys);
    const child = owner[key];
    if (typeof child !== "object" || child === null || Object.keys(child).length === 0 || chance.happens(0.05)) break;
    owner = child;
  }
  if (key === undefined) return text;
  const old = owner[key];
  const like =
    typeof old === "number" ? old * chance.of([1.0001, 0.5, 2, -1]) : typeof old === "string" ? `${old}.` : old;
  const kind = chance.below(4);
  if (kind < 3) owner[key] = kind < 2 ? like : chance.of(odd);
  else if (Array.isArray(owner)) owner.splice(Number(key), 1);
  else delete owner[key];
  return JSON.stringify(root);
}

function spoilParts(parts: FitParts, chance: Chance): string {
  const text = chance.of(["ornstein_result", "ornstein_recipe"]);
  const root = parts.attributes[""];
  const group = chance.of(Object.keys(parts.variables));
  const name = chance.of(Object.keys(parts.variables[group]));
  const variable = parts.variables[group][name];
  const grow = (times: number) => Object.assign(variable, { grown: variable.shape.map((size) => times * size) });
  const first = (value: number) => {
    if (variable.data instanceof Float64Array) variable.data[0] = value;
  };
  const kinds: Record<string, () => unknown> = {
    "another value": () => first(chance.of([1, 0.5, 1e300, 7])),
    "no number": () => first(Number.NaN),
    reversed: () => variable.shape.reverse(),
    doubled: () => grow(2),
    huge: () => grow(1e5),
    absent: () => delete parts.variables[group][name],
    "as bytes": () => Object.assign(variable, { data: new Uint8Array(variable.data.length) }),
  };
  if (chance.happens(0.4)) {
    root[text] = spoilJson(root[text] as string, chance);
    return text;
  }
  const kind = chance.of(Object.keys(kinds));
  kinds[kind]();
  return `${group}/${name} ${kind}`;
}

fuzz("saved fits", 60, async (chance, at) => {
  // HDF5 keeps a file that it could not close, so that each case has one of its own.
  const path = join(folder, `fit-${at}.nc`);
  const k = chance.below(fits.length);
  const parts = copyOf(saved[k]);
  const about: string[] = [];
  if (chance.happens(0.6)) about.push(spoilParts(parts, chance));
  await fileOf(parts, path);
  if (chance.happens(0.1)) writeFileSync(path, spoilBytes(readFileSync(path), chance));
  return {
    about: `fit ${k}: ${about}`,
    run: async () => {
      try {
        await use(await loadFit(path));
      } finally {
        rmSync(path);
      }
    },
  };
});

/** The bytes of an exported fit with another header, or other numbers, the checksum being right. */
function spoilExport(bytes: Uint8Array, chance: Chance): Uint8Array {
  const length = new DataView(bytes.buffer).getUint32(12, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, 16 + length)));
  const part = chance.of(["result", "recipe", "result", "recipe", "header"]);
  const changed =
    part === "header"
      ? JSON.parse(spoilJson(JSON.stringify(header), chance))
      : { ...header, [part]: spoilJson(header[part], chance) };
  const text = Buffer.from(JSON.stringify(changed));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, 0x20)]);
  const numbers = bytes.slice(16 + length, -4);
  if (chance.happens(0.2)) numbers[chance.below(numbers.length)] ^= 1 << chance.below(8);
  const body = Buffer.concat([bytes.subarray(0, 16), padded, numbers]);
  body.writeUInt32LE(padded.length, 12);
  const end = Buffer.alloc(4);
  end.writeUInt32LE(crc32(body));
  return Buffer.concat([body, end]);
}

fuzz("exported fits", 80, async (chance) => {
  const k = chance.below(fits.length);
  const whole = chance.happens(0.6) ? spoilExport(exported[k], chance) : exported[k];
  const bytes = chance.happens(0.1) ? spoilBytes(whole, chance) : whole;
  const length = new DataView(exported[k].buffer).getUint32(12, true);
  const about = Buffer.from(bytes.subarray(16, 16 + length)).toString("utf8");
  return { about: `fit ${k}: ${about.slice(0, 12_000)}`, run: async () => use(importFit(bytes)) };
});
