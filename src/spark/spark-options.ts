import { InputError } from "../errors.ts";
import { requireText } from "../kinds.ts";

/** The rows that a session of Spark reads: files, a table of its catalogue, or a query over them. */
export interface SparkSource {
  readonly path?: string;
  readonly sql?: string;
  readonly table?: string;
}

/** What Spark runs on, and how it is reached. */
export interface SparkPlace {
  /** `spark://host:7077`, `local[4]`, `yarn`, `k8s://…`, `sc://host` */
  readonly master: string;
  /** A program of Python that has pyspark; `python3` where left out. */
  readonly python?: string;
  /** Settings of Spark. */
  readonly conf: Readonly<Record<string, string>>;
}

/** What is given of an engine, as people give it. */
export interface EngineInput extends SparkSource {
  readonly engine?: string;
  readonly python?: string;
  readonly conf?: readonly string[];
}

const masters = /^(local(\[[^\]]+\])?|yarn|(spark|k8s|sc):\/\/.+)$/;

/** Where Spark runs, and what it reads. */
export interface EngineSettings {
  readonly place: SparkPlace;
  readonly source: SparkSource;
}

/** Where and what Spark reads; nothing where no engine was asked for. @throws InputError where it cannot be used */
export function sparkOf({ engine, python, conf = [], path, sql, table }: EngineInput): EngineSettings | undefined {
  if (engine === undefined) {
    const [given] =
      Object.entries({ table, python, conf: conf.length > 0 ? conf : undefined }).find(
        ([, value]) => value !== undefined,
      ) ?? [];
    if (given !== undefined)
      throw new InputError(`--${given} says what --engine reads or runs: give --engine too, or leave it out.`);
    return undefined;
  }
  requireText(engine, "The engine", 'a master of Spark such as "local[4]"');
  if (!masters.test(engine))
    throw new InputError(
      `--engine cannot be "${engine}": it takes a master of Spark, as spark://host:7077, local[4], yarn, k8s://https://host:443 or sc://host:15002.`,
    );
  if (table !== undefined && (path !== undefined || sql !== undefined))
    throw new InputError("--table names the rows, and so does the file or --sql: give one of them.");
  if (path === "-")
    throw new InputError("Spark's executors cannot read standard input: put the rows where they can read them.");
  const settings = conf.map((text) => {
    const [, key, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
    if (key === undefined || value === undefined)
      throw new InputError(`--conf cannot be "${text}": it takes a setting of Spark, as spark.executor.memory=8g.`);
    return [key, value] as const;
  });
  return { place: { master: engine, python, conf: Object.fromEntries(settings) }, source: { path, sql, table } };
}
