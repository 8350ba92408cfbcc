import { rename, rm } from "node:fs/promises";
import { InputError } from "../data/errors.ts";

/**
 * Writes beside the target and renames, so that an interrupt leaves nothing half-written.
 * @throws InputError where it cannot be written
 */
export function writeWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  return writeAllWhole([path], write);
}

/** The same for files that belong together: none is renamed before all are written. */
export async function writeAllWhole(
  paths: readonly string[],
  write: (temporary: string, index: number) => Promise<void>,
): Promise<void> {
  const temporaries = paths.map((path) => `${path}.${process.pid}.tmp`);
  let current = "";
  try {
    for (const [index, path] of paths.entries()) {
      current = path;
      await write(temporaries[index], index);
    }
    for (const [index, path] of paths.entries()) {
      current = path;
      await rename(temporaries[index], path);
    }
  } catch (error) {
    await Promise.all(temporaries.map((temporary) => rm(temporary, { force: true })));
    throw new InputError(`"${current}" could not be written: ${(error as Error).message}.`);
  }
}
