import { fstatSync, statSync } from "node:fs";
import { filesRead, type Reading } from "../../src/duckdb/inputs.ts";
import { InputError } from "../../src/errors.ts";
import { identityOf, outputPlace } from "../../src/persistence/output-place-node.ts";
import { isStandardOutput } from "./standard-output.ts";

/** What a command reads: a table, a saved fit, or both. */
export interface Inputs extends Reading {
  readonly fit?: string;
}

/** An output by its option. */
interface Output {
  readonly option: string;
  readonly path: string;
  readonly identity?: string;
}

/**
 * Refuses before anything is read what could not be written, two outputs of one file, and an output that is also read.
 * @param paths by option; an option may have several
 * @returns Whether one of the outputs is standard output, which then is for it alone.
 */
export async function requireOutputs(
  paths: Readonly<Record<string, string | readonly string[] | undefined>>,
  inputs: Inputs,
): Promise<{ readonly onStandardOutput: boolean }> {
  const named = Object.entries(paths).flatMap(([option, paths = []]) =>
    [paths].flat().map((path) => ({ option, path })),
  );
  const outputs = named.map(({ option, path }): Output => {
    if (isStandardOutput(path)) return standardOutput(option);
    return { option, path, identity: outputPlace(path).identity };
  });
  const onStandardOutput = outputs.some(({ path }) => path === "-");
  if (!onStandardOutput) outputs.push({ ...standardOutput(printed), identity: identityOfDescriptor(1) });
  refuseSame(outputs);
  await refuseRead(outputs, inputs);
  return { onStandardOutput };
}

/** The result that is printed, among the outputs' options. */
const printed = "Standard output";

const standardOutput = (option: string): Output => ({ option, path: "-", identity: identityOfDescriptor(1) ?? "-" });

function refuseSame(outputs: readonly Output[]): void {
  for (const [k, { option, path, identity }] of outputs.entries()) {
    const other = outputs.slice(0, k).find((other) => identity !== undefined && other.identity === identity);
    if (!other) continue;
    if (option === printed)
      throw new InputError(
        `${other.option} would write "${other.path}", where standard output goes; give it another file.`,
      );
    const what = path === "-" ? "standard output" : `the same file, "${other.path}"`;
    throw new InputError(
      `Only one of ${other.option} and ${option} can write ${what}: give the other a file of its own.`,
    );
  }
}

async function refuseRead(outputs: readonly Output[], { fit, path, sql }: Inputs): Promise<void> {
  const isOnlyPrinting = outputs.every(({ identity }) => identity === undefined || identity === "-");
  if (isOnlyPrinting) return;
  const files = await filesRead({ path: path === "-" ? undefined : path, sql });
  const read = new Set([...files, ...(fit === undefined ? [] : [fit])].map(identityOfFile));
  if (path === "-") read.add(identityOfDescriptor(0));
  for (const { option, path, identity } of outputs) {
    if (identity === undefined || !read.has(identity)) continue;
    const file = path === "-" ? "the file" : `"${path}"`;
    throw new InputError(`${option} would overwrite ${file}, which is read; give it another file.`);
  }
}

function identityOfFile(path: string): string | undefined {
  try {
    return identityOf(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

function identityOfDescriptor(descriptor: number): string | undefined {
  try {
    return identityOf(fstatSync(descriptor, { bigint: true }));
  } catch {
    return undefined;
  }
}
