import { accessSync, type BigIntStats, constants, fstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../errors.ts";

/** Where an output goes, through links. */
export interface OutputPlace {
  readonly path: string;
  /** The descriptor of this process that the path names, such as /dev/stdout, /dev/fd/3 or a process substitution. */
  readonly descriptor?: number;
  /** Whether it is written beside the path and then renamed; anything that is not a regular file is written directly. */
  readonly isRenamed: boolean;
  /** The permissions of the file that is replaced. */
  readonly mode?: number;
  /** Equal for two names of one file or pipe; undefined for devices, to which several outputs may write. */
  readonly identity?: string;
}

/** The largest number of links that are followed, as on Linux. */
const maxLinks = 40;

/**
 * Where the output to a path goes. A regular file, or one that does not exist yet, is written aside and renamed; a link
 * is followed to its target; into a device, a pipe or an open descriptor the bytes are written directly.
 * @throws InputError where nothing can be written there
 */
export function outputPlace(path: string): OutputPlace {
  const refuse = (why: string) => new InputError(`"${path}" cannot be written: ${why}.`);
  if (/[\\/]$/.test(path)) throw refuse("it is a folder");
  const place = follow(path, refuse);
  if ("descriptor" in place) return ofDescriptor(path, place.descriptor, refuse);
  const there = statSync(place.path, { bigint: true, throwIfNoEntry: false });
  if (there?.isDirectory()) throw refuse("it is a folder");
  if (there?.isSocket()) throw refuse("it is a socket; give a file or a pipe");
  if (there?.isBlockDevice()) throw refuse("it is a disk; give a file on it");
  if (there && !isAccessible(place.path)) throw refuse("it is not writable");
  if (there && !there.isFile()) return { path: place.path, isRenamed: false, identity: identityOf(there) };
  if (!isAccessible(dirname(place.path))) throw refuse("its folder does not exist or is not writable");
  const identity = there ? identityOf(there) : place.path;
  return { path: place.path, isRenamed: true, mode: there && Number(there.mode & 0o7777n), identity };
}

/** Identifies a file or a pipe, whatever its name; undefined for devices. */
export function identityOf(stats: BigIntStats): string | undefined {
  return stats.isFile() || stats.isFIFO() ? `${stats.dev}:${stats.ino}` : undefined;
}

function ofDescriptor(path: string, descriptor: number, refuse: (why: string) => InputError): OutputPlace {
  let stats: BigIntStats;
  try {
    stats = fstatSync(descriptor, { bigint: true });
  } catch {
    throw refuse(`descriptor ${descriptor} is not open`);
  }
  if (stats.isDirectory()) throw refuse("it is a folder");
  return { path, descriptor, isRenamed: false, identity: identityOf(stats) };
}

function follow(path: string, refuse: (why: string) => InputError): { path: string } | { descriptor: number } {
  let current = resolve(path);
  for (let links = 0; links < maxLinks; links++) {
    let folder: string;
    try {
      folder = realpathSync(dirname(current));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ELOOP") break;
      throw refuse("its folder does not exist or is not writable");
    }
    const name = basename(current);
    if (folder === descriptors && /^\d+$/.test(name)) return { descriptor: Number(name) };
    current = join(folder, name);
    try {
      current = resolve(folder, readlinkSync(current));
    } catch {
      return { path: current };
    }
  }
  throw refuse("its links lead round in a circle");
}

/** The folder of this process's open files, /proc/123/fd on Linux. */
const descriptors = (() => {
  try {
    return realpathSync("/dev/fd");
  } catch {
    return undefined;
  }
})();

function isAccessible(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
