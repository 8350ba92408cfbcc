import type { DuckDBInstance } from "@duckdb/node-api";
import { optionalPackage } from "../table/optional-package.ts";
import { removeTemporary, temporaryPath } from "./files/temporaries.ts";

/** A DuckDB that holds its tables in memory, and goes on in the system's temporary folder where they outgrow it. */
export interface OpenDuckDB {
  readonly instance: DuckDBInstance;
  close(): void;
}

/** What nothing that runs in DuckDB gets: extensions, be they downloaded or found on the machine. */
const instanceSettings = {
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  allow_community_extensions: "false",
};

/**
 * @param purpose What needs it, as a sentence begins: "Reading files".
 * @throws InputError where DuckDB is not installed
 */
export async function openDuckDB(purpose: string, options: Record<string, string> = {}): Promise<OpenDuckDB> {
  const { DuckDBInstance } = await optionalPackage("@duckdb/node-api", purpose, () => import("@duckdb/node-api"));
  const folder = temporaryPath();
  const instance = await DuckDBInstance.create(":memory:", {
    ...instanceSettings,
    temp_directory: folder,
    ...options,
  });
  return {
    instance,
    close() {
      instance.closeSync();
      removeTemporary(folder);
    },
  };
}
