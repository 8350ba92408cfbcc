import { InputError } from "../errors.ts";

/**
 * Loads a package that only files and the command need, so that an installation may omit it.
 * @param purpose what needs it, as the beginning of a sentence: "Reading files"
 * @throws InputError if it is not installed, or does not load
 */
export async function optionalPackage<Package>(
  name: string,
  purpose: string,
  load: () => Promise<Package>,
): Promise<Package> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isAbsent = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || /cannot find/i.test(message);
    const what = isAbsent ? "which is not installed" : `which does not load (${message.split("\n")[0]})`;
    throw new InputError(`${purpose} needs the package ${name}, ${what}: npm install ${name}`);
  }
}
