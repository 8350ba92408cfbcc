// Simulated tables for multilevel models at scale, as CSV. Plain Node, fixed seeds, no dependencies:
//
//   node bench/multilevel/simulate.mjs NAME... [--out FOLDER]     (default folder: the system's temporary one)
//   node bench/multilevel/simulate.mjs --list
//
// | name                   | rows       | groups            | true values |
// |------------------------|------------|-------------------|-------------|
// | logit-1m               | 1,000,000  | 100,000 of 10     | β = (−1, 0.5, 0.25), sd(g) = 0.7 |
// | logit-unequal          | 300,000    | 95,000 of 1 to 10 | β = (−1, 0.5, 0.25), sd(g) = 1 |
// | logit-10m              | 10,000,000 | 1,000,000 of 10   | β = (−1, 0.5, 0.25), sd(g) = 0.7 |
// | logit-slopes-1m        | 1,000,000  | 50,000 of 20      | as logit-1m, sd of x1's slopes 0.4, correlation 0.3 |
// | linear-1m, linear-unequal, linear-10m, linear-slopes-1m | as above | as above | the same η, sigma = 1 |
// | ratings-1m             | 1,000,000  | 20,000 users × 5,000 items | y = 3.5 + 0.3 x1 + u + v + e, sds 0.4 (user), 0.6 (item), 1 (e) |
// | ratings-binary-1m      | 1,000,000  | 20,000 users × 5,000 items | logit = 0.4 + 0.3 x1 + u + v, sds 0.8 (user), 0.6 (item) |
//
// x1 varies by row, x2 by row; both are standard normal, written with 4 decimals, which η is computed from. Columns: y, x1,
// x2, g; or y, x1, user, item. A user's number of ratings and an item's follow a power law, as in tables of ratings.
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** Standard normals and uniforms by xorshift128 (Marsaglia 2003) and the polar method. */
function createRandom(seed) {
  const state = new Uint32Array([seed, 362436069, 521288629, 88675123]);
  const next = () => {
    const t = state[0] ^ (state[0] << 11);
    state[0] = state[1];
    state[1] = state[2];
    state[2] = state[3];
    state[3] ^= (state[3] >>> 19) ^ t ^ (t >>> 8);
    return state[3];
  };
  for (let k = 0; k < 100; k++) next();
  const uniform = () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6) + 0.5) * 2 ** -53;
  let spare;
  const normal = () => {
    if (spare !== undefined) {
      const z = spare;
      spare = undefined;
      return z;
    }
    for (;;) {
      const a = 2 * uniform() - 1;
      const b = 2 * uniform() - 1;
      const s = a * a + b * b;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      spare = b * scale;
      return a * scale;
    }
  };
  return { uniform, normal };
}

const rounded = (value) => Math.round(value * 1e4) / 1e4;
const bernoulli = (random, eta) => (random.uniform() < 1 / (1 + Math.exp(-eta)) ? 1 : 0);
const numeric = (random, eta, sigma) => rounded(eta + sigma * random.normal());

/** Rows of groups: `sizeOf` a group, whose effects are standard deviation sd, and for the slope of x1 slopeSd. */
function* groupedRows(seed, { numRows, sizeOf, sd, slopeSd = 0, correlation = 0, linear }) {
  const random = createRandom(seed);
  yield "y,x1,x2,g";
  let row = 0;
  for (let group = 1; row < numRows; group++) {
    const v = random.normal();
    const intercept = sd * v;
    const slope =
      slopeSd === 0 ? 0 : slopeSd * (correlation * v + Math.sqrt(1 - correlation * correlation) * random.normal());
    const size = Math.min(sizeOf(group), numRows - row);
    for (let k = 0; k < size; k++, row++) {
      const x1 = rounded(random.normal());
      const x2 = rounded(random.normal());
      const eta = -1 + (0.5 + slope) * x1 + 0.25 * x2 + intercept;
      yield `${linear ? numeric(random, eta, 1) : bernoulli(random, eta)},${x1},${x2},${group}`;
    }
  }
}

/** Index below `count` with density proportional to (index + offset)^(−1/2): popular ones are met often. */
const popular = (random, count) => Math.floor(count * random.uniform() ** 2);

function* ratings(seed, { numRows, numUsers, numItems, userSd, itemSd, binary }) {
  const random = createRandom(seed);
  const users = Float64Array.from({ length: numUsers }, () => userSd * random.normal());
  const items = Float64Array.from({ length: numItems }, () => itemSd * random.normal());
  yield "y,x1,user,item";
  for (let row = 0; row < numRows; row++) {
    // Every user and every item has a row at least.
    const user = row < numUsers ? row : popular(random, numUsers);
    const item = row < numItems ? row : popular(random, numItems);
    const x1 = rounded(random.normal());
    const effects = 0.3 * x1 + users[user] + items[item];
    const y = binary ? bernoulli(random, 0.4 + effects) : numeric(random, 3.5 + effects, 1);
    yield `${y},${x1},u${user + 1},i${item + 1}`;
  }
}

const tens = () => 10;
const twenties = () => 20;
// 60 rows in 19 groups, so that 300,000 rows are 95,000 groups; most are small.
const unequalSizes = (() => {
  const cycle = [1, 2, 1, 3, 1, 2, 4, 1, 2, 5, 1, 1, 6, 2, 7, 1, 8, 2, 10];
  return (group) => cycle[(group - 1) % cycle.length];
})();

const oneMillion = { numRows: 1_000_000, sizeOf: tens, sd: 0.7 };
const unequal = { numRows: 300_000, sizeOf: unequalSizes, sd: 1 };
const tenMillion = { numRows: 10_000_000, sizeOf: tens, sd: 0.7 };
const slopes = { numRows: 1_000_000, sizeOf: twenties, sd: 0.7, slopeSd: 0.4, correlation: 0.3 };
const ratingsSize = { numRows: 1_000_000, numUsers: 20_000, numItems: 5_000, itemSd: 0.6 };
const tables = {
  "logit-1m": () => groupedRows(1, oneMillion),
  "logit-unequal": () => groupedRows(2, unequal),
  "logit-10m": () => groupedRows(3, tenMillion),
  "logit-slopes-1m": () => groupedRows(4, slopes),
  "linear-1m": () => groupedRows(5, { ...oneMillion, linear: true }),
  "linear-unequal": () => groupedRows(6, { ...unequal, linear: true }),
  "linear-10m": () => groupedRows(7, { ...tenMillion, linear: true }),
  "linear-slopes-1m": () => groupedRows(8, { ...slopes, linear: true }),
  "ratings-1m": () => ratings(9, { ...ratingsSize, userSd: 0.4, binary: false }),
  "ratings-binary-1m": () => ratings(10, { ...ratingsSize, userSd: 0.8, binary: true }),
};

async function write(path, rows) {
  const stream = createWriteStream(path);
  let chunk = "";
  let count = -1;
  for (const row of rows) {
    chunk += `${row}\n`;
    count++;
    if (chunk.length < 1 << 20) continue;
    if (!stream.write(chunk)) await new Promise((resolve) => stream.once("drain", resolve));
    chunk = "";
  }
  stream.end(chunk);
  await new Promise((resolve, reject) => stream.on("finish", resolve).on("error", reject));
  return count;
}

const { values: options, positionals } = parseArgs({
  options: { out: { type: "string", default: tmpdir() }, list: { type: "boolean" } },
  allowPositionals: true,
});
if (options.list || positionals.length === 0) console.log(Object.keys(tables).join("\n"));
for (const name of positionals) {
  if (!Object.hasOwn(tables, name)) throw new Error(`No table is called ${name}; there are ${Object.keys(tables)}.`);
  const path = join(options.out, `${name}.csv`);
  console.log(`${path}: ${(await write(path, tables[name]())).toLocaleString("en")} rows`);
}
