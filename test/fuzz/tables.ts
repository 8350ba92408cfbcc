import type { Chance } from "./chance.ts";

export type Cell = number | string | boolean | null | object;
export type Rows = Record<string, Cell>[];

const cities = ["Oslo", "Rome", "Lima"];

/** A small table with a column of every kind, in which y depends on x. */
export function tableOf(chance: Chance, count = 60): Rows {
  return Array.from({ length: count }, (_, i) => {
    const x = Math.round(1000 * chance.normal()) / 1000;
    return {
      x,
      z: Math.round(1000 * chance.normal()) / 100 + 20,
      city: cities[i % 3],
      late: chance.happens(1 / (1 + Math.exp(-x))),
      count: chance.below(6),
      day: `2024-0${1 + (i % 9)}-1${i % 10}`,
      y: Math.round(1000 * (1 + 0.5 * x + chance.normal())) / 1000,
    };
  });
}

export const formulas = [
  "y ~ x + z",
  "y ~ x + city",
  "late ~ x",
  "y ~ .",
  "count ~ x + z",
  "y ~ x*z + C(count)",
  "city ~ x",
];

const odd: readonly Cell[] = [
  ...[null, "", "NA", "nan", "inf", "-inf", "1e308", "-1e-320", "1e400", "0", "-0", "1e12", 7, -3.5, 1e-9, 1e9, true],
  ...[
    "abc",
    "a b",
    "'",
    '"',
    '""',
    "1,5",
    "1;5",
    "1 000",
    "12%",
    "€3",
    "2024-02-30",
    "31/12/2024",
    "13:00",
    "TRUE",
    "no",
  ],
  ...[
    "\u0000",
    "\u001b[31m",
    "é",
    "🐟",
    "\u202e",
    "a\nb",
    "a\tb",
    "x".repeat(5000),
    "--",
    "=1+1",
    "NULL",
    "0x1F",
    "1_000",
  ],
];
const nested: readonly Cell[] = [{ a: 1 }, [1, 2], [], {}, [[[]]], { a: { b: [null] } }];

/** Changes a table a little: some cells, a row, a column, the scale of one. */
export function spoil(rows: Rows, chance: Chance, withObjects: boolean): void {
  const cells = withObjects ? [...odd, ...nested] : odd;
  for (let times = 1 + chance.below(2); times > 0; times--) {
    const names = Object.keys(rows[0] ?? {});
    if (names.length === 0) return;
    const name = chance.of(names);
    const row = chance.below(rows.length);
    const set = (place: Rows[number], value: Cell) => {
      place[name] = value;
    };
    const scale = (by: (value: number) => number) => {
      for (const each of rows) if (typeof each[name] === "number") set(each, by(each[name]));
    };
    chance.of<() => unknown>([
      () => set(rows[row], chance.of(cells)),
      () => set(rows[row], null),
      () => rows.splice(row, 1 + chance.below(3)),
      () => rows.push({ ...rows[row] }),
      () => scale((value) => value * 10 ** (chance.below(13) - 6)),
      () => scale((value) => value + 10 ** chance.below(7)),
      () => scale((value) => value * 1000),
      () => {
        for (const each of rows) Object.assign(each, { [`${name} 2`]: each[name] });
      },
      () => {
        for (const each of rows.filter((_, i) => i % 3 === 0)) set(each, null);
      },
      () => chance.happens(0.3) && rows.splice(chance.below(8)),
    ])();
  }
}

export function csvOf(rows: Rows, chance: Chance): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const delimiter = chance.of([",", ",", ",", ";", "\t"]);
  const end = chance.of(["\n", "\n", "\r\n"]);
  const cell = (value: Cell) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",;\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [
    names.map(cell).join(delimiter),
    ...rows.map((row) => names.map((name) => cell(row[name])).join(delimiter)),
  ];
  return (chance.happens(0.1) ? "\ufeff" : "") + lines.join(end) + (chance.happens(0.8) ? end : "");
}

export function jsonOf(rows: Rows, chance: Chance): string {
  return chance.happens(0.7) ? `${rows.map((row) => JSON.stringify(row)).join("\n")}\n` : JSON.stringify(rows);
}

/** Flips a bit, or takes away, doubles or puts in some bytes. */
export function spoilBytes(bytes: Uint8Array, chance: Chance): Uint8Array {
  const at = chance.below(bytes.length);
  const length = 1 + chance.below(4);
  const put = chance.of(["\n", ",", '"', "\0", "ÿ", "[", "{", "}", "1", "\r"]);
  return chance.of([
    () => Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ (1 << chance.below(8)) : byte)),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]),
    () => Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at)]),
    () => Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]),
    () => bytes.subarray(0, at),
  ])();
}
