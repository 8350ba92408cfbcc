import type { RowEncoder } from "../../design/recipe/encode-rows.ts";
import { listed } from "../../suggest.ts";
import { formatCount } from "../../table/table-source.ts";

/** What is to be told of the rows that were left out, of all folds together. */
export class FoldNotes {
  private readonly unknown = new Map<string, number>();
  private readonly newLevels = new Map<string, number>();
  private combinations = 0;

  /** @param leavesGroupsOut whether rows of new groups are what was asked for */
  constructor(private readonly leavesGroupsOut: boolean) {}

  add(encoder: Pick<RowEncoder, "levels" | "newCombinations">, newLevels: ReadonlyMap<string, number>): void {
    for (const [name, count] of encoder.levels.unknownRows) add(this.unknown, name, count);
    for (const [name, count] of newLevels) add(this.newLevels, name, count);
    this.combinations += encoder.newCombinations;
  }

  sentences(failed: readonly number[]): string[] {
    const rows = (count: number) => (count === 1 ? "1 row" : `${formatCount(count)} rows`);
    const notes = [...this.unknown].map(
      ([name, count]) =>
        `${rows(count)} with a level of ${name} that no row of the other folds has: predicted without a coefficient for it.`,
    );
    if (!this.leavesGroupsOut)
      for (const [name, count] of this.newLevels)
        notes.push(
          `${rows(count)} with a level of ${name} that no row of the other folds has: predicted as of a new group.`,
        );
    if (this.combinations > 0)
      notes.push(
        `${rows(this.combinations)} with levels that no row of the other folds has together: predicted without a coefficient for it.`,
      );
    if (failed.length > 0) {
      const which = `${failed.length === 1 ? "fold" : "folds"} ${listed(failed.map(String), "and")}`;
      notes.push(`The certificate of the fit without ${which} is "failed", so that what it predicts may be off.`);
    }
    return notes;
  }
}

const add = (counts: Map<string, number>, name: string, count: number) =>
  counts.set(name, (counts.get(name) ?? 0) + count);
