/** How amounts of memory are written. */
export const sizeForms = 'a size such as "1GiB" or "500MB"';

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const smallest = 2 ** 20;

/** Bytes of a size as people write it; undefined where it is none, or less than a mebibyte. */
export function bytesOfSize(size: unknown): number | undefined {
  const bytes = typeof size === "number" ? size : typeof size === "string" ? bytesOfText(size) : Number.NaN;
  return Number.isFinite(bytes) && bytes >= smallest ? Math.floor(bytes) : undefined;
}

function bytesOfText(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = number === undefined ? undefined : units[unit.toLowerCase()];
  return factor === undefined ? Number.NaN : Number(number) * factor;
}

/** Bytes in a unit that suits them, to three digits. */
export function sizeText(bytes: number): string {
  const names = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * power);
  return `${power === 0 ? Math.round(value) : Number(value.toPrecision(3))} ${names[power]}`;
}
