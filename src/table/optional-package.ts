import { InputError } from "../errors.ts";

/**
 * A package that only files and commands need, so that it may be left out of an installation.
 * @param purpose What needs it, as the sentence begins: "Reading files".
 * @throws InputError where it is not there, or does not load
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
