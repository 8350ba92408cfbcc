// What AssemblyScript's numbers are to TypeScript, for the files that both compile.
type u32 = number;
