const flag = "--checkpoint";

/** A run's arguments but for the folder of its checkpoint, which may have been moved. */
export function withoutCheckpoint(args: readonly string[]): string[] {
  const at = args.indexOf(flag);
  const others = at < 0 ? args : args.toSpliced(at, 2);
  return others.filter((argument) => !argument.startsWith(`${flag}=`));
}

/** The arguments of a run that goes on from this folder. */
export function withCheckpoint(args: readonly string[], folder: string): string[] {
  return [...args, flag, folder];
}
