import { statSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { InputError } from "../errors.ts";
import type { Posterior } from "../fit/posterior.ts";
import { requireText } from "../kinds.ts";
import { requireFit } from "../prediction/predictive-fit.ts";
import { optionalPackage } from "../table/optional-package.ts";
import { beginsAsPortable, importFit } from "./portable-fit.ts";
import { type Origin, requireOrigin, type SavedFit } from "./restored-fit.ts";
import { reasonInSentence } from "./saved-checks.ts";
import { readFit, writeFit } from "./saved-fit.ts";
import { writeWhole } from "./whole-files-node.ts";

/**
 * Writes a fit as netCDF-4, which `loadFit`, `ornstein predict`, `ornstein check`, xarray and ArviZ read. The file
 * appears whole or not at all.
 * @throws InputError where the file cannot be written
 */
export async function saveFit(posterior: Posterior, path: string, origin: Partial<Origin> = {}): Promise<void> {
  requireFit(posterior);
  requireText(path, "The path", "the name of a file");
  requireOrigin(origin);
  const { File } = await loadHdf5();
  await writeWhole(path, async (temporary) => {
    try {
      const file = new File(temporary, "w", { track_order: true });
      try {
        writeFit(file, posterior, origin);
      } finally {
        file.close();
      }
    } catch (error) {
      throw new Error(reason(error));
    }
  });
}

/**
 * Reads a fit that `saveFit` or `ornstein fit --save` wrote, or the bytes of `exportFit`, as the studio's downloads are.
 * @throws InputError where there is no such file, or it is damaged, not ornstein's, or of another format version
 */
export async function loadFit(path: string): Promise<SavedFit> {
  requireText(path, "The path", "the name of a file");
  const start = await startOf(path);
  if (beginsAsPortable(start)) return importFit(await readFile(path));
  if (signature.some((byte, i) => byte !== start[i]))
    throw new InputError(
      `"${path}" is no netCDF-4 file, and no exported fit: give a file that ornstein fit --save wrote.`,
    );
  const { File } = await loadHdf5();
  const damaged = (error: unknown) =>
    new InputError(`"${path}" is damaged and cannot be read (${reason(error)}): fit again, or take another copy.`);
  let file: InstanceType<typeof File>;
  try {
    file = new File(path, "r");
  } catch (error) {
    throw damaged(error);
  }
  try {
    return readFit(file, `"${path}"`, statSync(path).size);
  } catch (error) {
    throw error instanceof InputError ? error : damaged(error);
  } finally {
    file.close();
  }
}

/** Loaded only when needed, because it takes 0.1 s. */
async function loadHdf5() {
  const hdf5 = await optionalPackage("h5wasm", "netCDF-4", () => import("h5wasm/node"));
  // Errors are thrown, not printed.
  (await hdf5.ready).activate_throwing_error_handler();
  return hdf5;
}

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** The file's first bytes, which tell its kind. @throws InputError where there is no file that can be read */
async function startOf(path: string): Promise<Uint8Array> {
  const start = new Uint8Array(signature.length);
  try {
    const kind = await stat(path);
    if (!kind.isFile() && !kind.isDirectory())
      throw new InputError(
        `"${path}" is no file, but a pipe, a device or a socket: give a file that ornstein fit --save wrote.`,
      );
    const file = await open(path);
    try {
      await file.read(start, 0, start.length, 0);
    } finally {
      await file.close();
    }
    return start;
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") throw new InputError(`"${path}" cannot be read: its links lead round in a circle.`);
    if (code === "ENOENT") throw new InputError(`There is no file "${path}".`);
    if (code === "EISDIR") throw new InputError(`"${path}" is a folder: give a file that ornstein fit --save wrote.`);
    throw new InputError(`"${path}" cannot be read: ${message}.`);
  }
}

/** An error's message, without HDF5's trace. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const innermost = /error message = '([^']+)'/.exec(message)?.[1] ?? [...message.matchAll(/minor: (.+)/g)].at(-1)?.[1];
  return reasonInSentence(innermost ?? message);
}
