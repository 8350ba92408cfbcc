import { openDuckDB } from "../../src/duckdb/instance.ts";
import { InputError } from "../../src/errors.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { writeWhole } from "../../src/persistence/whole-files-node.ts";
import { sqlText } from "../../src/table/sql-text.ts";

export const effectsHelp =
  "write the posterior mean and sd of every group's effects, on the data's own scale: columns factor, level, name, mean, sd in a .parquet or .csv file";

const formats: Readonly<Record<string, string>> = { csv: "format csv, header", parquet: "format parquet" };

/** @throws InputError where effects cannot be written to a file of such a name */
export function requireEffectsFile(path: string): void {
  if (!formats[endingOf(path)])
    throw new InputError(`"${path}" cannot be written: --effects takes a file that ends in .csv or .parquet.`);
}

/** @throws InputError where the fit has no effects of groups, saying why */
export function requireGroupEffects({ groupEffects, groups }: Pick<Posterior, "groupEffects" | "groups">): void {
  if (groupEffects) return;
  throw new InputError(
    groups
      ? "--effects is not for this model yet: leave it out."
      : "--effects writes the effects of groups, and the formula has no group terms such as (1 | g): leave it out, or add the term.",
  );
}

const endingOf = (path: string) => /\.([a-z]+)$/i.exec(path)?.[1].toLowerCase() ?? "";

/** Writes a row for each effect of each level: factor, level, name, mean, sd. */
export async function writeEffects(
  { groupEffects = [] }: Pick<Posterior, "groupEffects">,
  path: string,
): Promise<void> {
  const duckdb = await openDuckDB("Writing files", { threads: "1" });
  try {
    const connection = await duckdb.instance.connect();
    await connection.run("create table effects (factor varchar, level varchar, name varchar, mean double, sd double)");
    const appender = await connection.createAppender("effects");
    for (const { factor, names, numLevels, mean, sd, level } of groupEffects) {
      for (let k = 0; k < numLevels; k++) {
        const own = level(k);
        names.forEach((name, j) => {
          appender.appendVarchar(factor);
          appender.appendVarchar(own);
          appender.appendVarchar(name);
          appender.appendDouble(mean[k * names.length + j]);
          appender.appendDouble(sd[k * names.length + j]);
          appender.endRow();
        });
      }
    }
    appender.closeSync();
    await writeWhole(path, async (temporary) => {
      await connection.run(`copy effects to ${sqlText(temporary)} (${formats[endingOf(path)]})`);
    });
  } finally {
    duckdb.close();
  }
}
