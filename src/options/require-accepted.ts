import { InputError } from "../errors.ts";
import { shown } from "../kinds.ts";
import { suggestion } from "../suggest.ts";
import type { OptionTable } from "./option.ts";

/**
 * @param others Names that may stand among the options and are no part of the table
 * @throws InputError naming an option that does not exist, or one that cannot have its value, and what it takes
 */
export function requireAccepted(table: OptionTable, options: object, others: readonly string[] = []): void {
  const known = [...Object.keys(table), ...others];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new InputError(`There is no option ${unknown}; ${suggestion(unknown, known, "the options are")}`);
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const [name, { accepts, takes }] of Object.entries(table))
    if (given[name] !== undefined && !accepts(given[name])) throw refusedOption(name, given[name], takes);
}

export function refusedOption(name: string, value: unknown, takes: string): InputError {
  return new InputError(`The option ${name} cannot be ${shown(value)}: it takes ${takes}.`);
}
