// The pictures of docs/performance.md.
import { colours, Plot, svgFile } from "./svg.mjs";
import { isDone } from "./tables.mjs";
import { number } from "./words.mjs";

const width = 760;
const fillOf = (isOurs) => (isOurs ? colours.ours : colours.others);

export function speedChart({ results }) {
  const done = results.map((result, k) => ({ ...result, isOurs: k === 0 })).filter(isDone);
  const bars = done
    .map(({ name, perSecond, isOurs }) => ({ name, isOurs, ...perSecond }))
    .sort((a, b) => b.median - a.median);
  const least = Math.min(...bars.map(({ low }) => low)) / 3;
  return svgFile({
    ariaLabel: "Steps of SGLD a second",
    width,
    height: 60 + 34 * bars.length,
    marginLeft: 220,
    marginRight: 80,
    x: { type: "log", label: "steps a second →", tickFormat: "~s", grid: true, domain: [least, 2 * bars[0].high] },
    y: { label: null, domain: bars.map(({ name }) => name) },
    marks: [
      Plot.barX(bars, { x1: least, x2: "median", y: "name", fill: ({ isOurs }) => fillOf(isOurs) }),
      Plot.ruleY(bars, { x1: "low", x2: "high", y: "name", stroke: "currentColor" }),
      Plot.text(bars, {
        x: "high",
        y: "name",
        text: ({ median }) => number(median),
        textAnchor: "start",
        dx: 6,
        fill: "currentColor",
      }),
    ],
  });
}

/** A dot for each contestant in each case, full where it reached the posterior, and a triangle where it was not done. */
export function timeChart(cases, { measure, label, ariaLabel }) {
  const points = cases.flatMap(({ title, results, limit }) =>
    results
      .map((result, k) => ({ result, isOurs: k === 0 }))
      .filter(({ result }) => !result.missing && (isDone(result) || /^not done after/.test(result.stopped ?? "")))
      .map(({ result, isOurs }) => {
        const done = isDone(result);
        const value = done ? result[measure].median : limit;
        return { title, name: result.name, isOurs, done, value, reached: result.errors?.reached !== false };
      }),
  );
  const names = [...new Set(points.map(({ name }) => name))];
  const shown = measure === "run" ? points : points.filter(({ done }) => done);
  const [late, hollow, full] = [
    shown.filter(({ done }) => !done),
    shown.filter(({ done, reached }) => done && !reached),
    shown.filter(({ done, reached }) => done && reached),
  ];
  const stroke = ({ isOurs }) => fillOf(isOurs);
  const at = { x: "value", y: "name", fy: "title" };
  return svgFile({
    ariaLabel,
    width,
    height: 60 + cases.length * (24 + 17 * names.length),
    marginLeft: 180,
    marginRight: 150,
    x: { type: "log", label, tickFormat: "~g", grid: true },
    y: { label: null, domain: names },
    fy: { axis: null, domain: cases.map(({ title }) => title) },
    marks: [
      Plot.axisFy({ label: null, lineWidth: 12 }),
      Plot.frame({ stroke: "currentColor", strokeOpacity: 0.2 }),
      Plot.dot(full, { ...at, r: 4.5, fill: stroke }),
      Plot.dot(hollow, { ...at, r: 4, stroke, strokeWidth: 1.8, fill: "none" }),
      Plot.dot(late, { ...at, r: 5, symbol: "triangle", stroke: colours.limit, strokeWidth: 1.6 }),
    ],
  });
}

/** Lines of a measurement against a size, with the limit of the machine drawn dashed. */
export function scalingChart({ title, points, x, y, limits = [], series = "series" }) {
  const names = [...new Set(points.map((point) => point[series]))];
  const hue = (name) => [colours.ours, ...colours.more][names.indexOf(name)] ?? colours.limit;
  const values = [...points, ...limits].map((point) => point[y.key]);
  const ends = apart(lastOfEach(points, series), y.key, values);
  return svgFile({
    ariaLabel: title,
    width,
    height: 380,
    marginLeft: 70,
    marginRight: 170,
    x: { type: "log", label: `${x.label} →`, tickFormat: "~s", grid: true },
    y: { type: "log", label: `↑ ${y.label}`, ticks: decades(values), tickFormat: (value) => `${value}`, grid: true },
    marks: [
      Plot.line(limits, {
        x: x.key,
        y: y.key,
        z: series,
        stroke: colours.limit,
        strokeDasharray: "5 4",
        strokeWidth: 1.5,
      }),
      Plot.text(lastOfEach(limits, series), {
        x: x.key,
        y: y.key,
        text: series,
        dx: 6,
        textAnchor: "start",
        fill: colours.limit,
      }),
      Plot.line(points, { x: x.key, y: y.key, z: series, stroke: (point) => hue(point[series]), strokeWidth: 1.8 }),
      Plot.dot(points, { x: x.key, y: y.key, r: 3.5, fill: (point) => hue(point[series]) }),
      Plot.text(ends, {
        x: x.key,
        y: "labelledAt",
        text: series,
        dx: 8,
        textAnchor: "start",
        fill: (point) => hue(point[series]),
      }),
    ],
  });
}

const lastOfEach = (points, series) =>
  [...new Set(points.map((point) => point[series]))].map((name) => points.findLast((point) => point[series] === name));

/** The powers of ten between the least value and the largest; undefined, which is the usual ticks, where they are fewer than two. */
function decades(values) {
  const [first, last] = [Math.ceil(Math.log10(Math.min(...values))), Math.floor(Math.log10(Math.max(...values)))];
  return last > first ? Array.from({ length: last - first + 1 }, (_, k) => Number(`1e${first + k}`)) : undefined;
}

/** Points with a place for their labels, on a logarithmic scale over these values, so far apart that labels are not written over each other. */
function apart(points, key, values) {
  const least = (Math.max(...values) / Math.min(...values)) ** (1 / 20);
  let below = 0;
  return points
    .toSorted((a, b) => a[key] - b[key])
    .map((point) => {
      below = Math.max(point[key], least * below);
      return { ...point, labelledAt: below };
    });
}
