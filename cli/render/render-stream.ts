import { referencesOf } from "../../src/design/recipe/references.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { probabilityOf } from "../../src/formula/event.ts";
import type { Stream, StreamEstimate } from "../../src/stream/stream.ts";
import { renderModel } from "./render-model.ts";
import { short } from "./short-numbers.ts";
import { integer, type RenderOptions, renderTable, wrap } from "./table.ts";
import { visible, visibleTexts } from "./visible.ts";

/** The intervals of a stream as they stand. */
export function renderStream(stream: Stream, interval: number, options: RenderOptions): string {
  const { recipe } = stream.model;
  const modelled = recipe.target.event === undefined ? undefined : visible(probabilityOf(recipe.target.event));
  const estimates = stream.estimates(interval);
  const percent = `${Number((100 * interval).toPrecision(6))}%`;
  const memory = stream.rate > 0 ? `, with a memory of ${integer(1 / stream.rate)}` : "";
  const column = (title: string, rank: number, of: (row: StreamEstimate) => number) => ({
    ...{ title, rank },
    // A tenth of an sd is as much as anybody reads.
    cell: (row: StreamEstimate) => short(of(row), row.sd / 20),
  });
  const table = renderTable(
    estimates,
    ({ name }) => visible(name),
    [
      column("mean", 3, ({ mean }) => mean),
      column("sd", 2, ({ sd }) => sd),
      column(`low ${percent}`, 1, ({ low }) => low),
      column(`high ${percent}`, 1, ({ high }) => high),
    ],
    options,
  );
  const unusable = [...stream.unusable].map(([reason, count]) =>
    wrap(
      `! ${integer(count)} ${count === 1 ? "row" : "rows"} left out: ${visible(reason)}`,
      Math.min(options.width, 110),
    ),
  );
  return `${[
    `${visible(recipe.formula)}   [${recipe.family}]`,
    ...renderModel(
      { data: { modelled } as Posterior["data"], references: visibleTexts(referencesOf(recipe)) },
      options.width,
    ),
    `${integer(stream.rows)} rows${memory}`,
    "",
    table,
    ...(stream.sigma === undefined ? [] : ["", `sigma ${short(stream.sigma, stream.sigma / 1000)}`]),
    ...(unusable.length > 0 ? ["", ...unusable] : []),
  ].join("\n")}\n`;
}
