"""A session of Spark that ornstein asks: a request of JSON in each line of standard input, an answer in each line of standard output."""

import base64
import json
import os
import queue
import sys
import threading
import zipfile

# Where answers go; whatever else prints goes to standard error.
_out = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
_lock = threading.Lock()
TASKS_OF_CORE = 3
COALESCE = "spark.sql.adaptive.coalescePartitions.enabled"



def say(message):
    with _lock:
        _out.write(json.dumps(message) + "\n")
        _out.flush()


class Refusal(Exception):
    """What a person can mend."""


class Session:
    def __init__(self):
        self.spark = None
        self.rows = None
        self.encoded = None
        self.parts = 0
        self.is_connect = False
        self.is_sorted = False
        self.shuffled_parts = None

    def open(self, master, conf, files, folder, source):
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise Refusal(f"pyspark is not there ({error})") from error
        package = os.path.join(folder, "ornstein_executor.zip")
        with zipfile.ZipFile(package, "w") as archive:
            archive.write(files["executor"], "ornstein_executor.py")
            archive.write(files["worker"], "ornstein_worker.mjs")
        sys.path.insert(0, package)
        import ornstein_executor

        self.schema = ornstein_executor.SCHEMA
        # A session that is built by hand does not look at this setting.
        own = sys.executable if master.startswith("local") else os.environ.get("PYSPARK_PYTHON", "python3")
        os.environ["PYSPARK_PYTHON"] = conf.get("spark.pyspark.python", own)
        builder = SparkSession.builder.appName("ornstein")
        for key, value in conf.items():
            builder = builder.config(key, value)
        is_connect = master.startswith("sc://")
        if is_connect:
            self.spark = builder.remote(master).getOrCreate()
            self.spark.addArtifacts(package, pyfile=True)
        else:
            # A part should be read where its blocks are, and waits for that.
            for key, value in {"spark.locality.wait": "30s", "spark.ui.showConsoleProgress": "false"}.items():
                if key not in conf:
                    builder = builder.config(key, value)
            self.spark = builder.master(master).getOrCreate()
            self.spark.sparkContext.setLogLevel(os.environ.get("ORNSTEIN_SPARK_LOG", "ERROR"))
            self.spark.sparkContext.addPyFile(package)
        self.is_connect = is_connect
        given = conf.get("spark.sql.shuffle.partitions")
        self.shuffled_parts = None if given is None else int(given)
        for key, value in {
            "spark.sql.session.timeZone": "UTC",
            # Parts follow from the files, whatever number of cores there are.
            "spark.sql.files.minPartitionNum": "64",
            "spark.sql.files.maxPartitionBytes": "128m",
            "spark.sql.files.openCostInBytes": "1m",
            COALESCE: "false",
            "spark.sql.adaptive.skewJoin.enabled": "false",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "8192",
        }.items():
            try:
                self.spark.conf.set(key, conf.get(key, value))
            except Exception:  # A setting that this version of Spark does not have.
                pass
        return self.table(**source)

    def table(self, path=None, sql=None, table=None):
        rows = None
        if path is not None:
            rows = self._files(path)
        if sql is not None:
            if rows is not None:
                rows.createOrReplaceTempView("data")
            rows = self.spark.sql(sql)
        elif table is not None:
            rows = self.spark.table(table)
        self.rows = rows
        # A query may give its rows in another order when a part of it is worked out again.
        self.is_sorted = sql is not None or table is not None
        fields = rows.schema.fields
        return {
            "columns": [{"name": field.name, "type": field.dataType.simpleString()} for field in fields],
            "version": self.spark.version,
        }

    def _files(self, path):
        name = path.rstrip("/").lower()
        if name.endswith((".csv", ".csv.gz")):
            return self._separated(path, ",")
        if name.endswith((".tsv", ".tsv.gz")):
            return self._separated(path, "\t")
        if name.endswith((".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")):
            return self.spark.read.json(path)
        return self.spark.read.parquet(path)

    def _separated(self, path, mark):
        """Columns of the types that one machine finds: codes such as 01234 and times such as 13:00 are texts, which Spark takes for others."""
        from pyspark.sql import functions as F
        from pyspark.sql.types import NumericType, StringType, StructField, StructType, TimestampNTZType, TimestampType

        def read(**how):
            return self.spark.read.csv(path, header=True, sep=mark, **how)

        found = read(inferSchema=True).schema.fields
        spellings = {NumericType: r"^\s*[+-]?0[0-9]", (TimestampType, TimestampNTZType): r"^\s*[0-9]{1,2}:"}
        doubtful = {
            field.name: text
            for field in found
            for kind, text in spellings.items()
            if isinstance(field.dataType, kind)
        }
        if not doubtful:
            return read(schema=StructType(found))
        texts = read(schema=StructType([StructField(field.name, StringType()) for field in found]))
        asked = [F.max(F.col(_quoted(name)).rlike(text)) for name, text in doubtful.items()]
        answers = dict(zip(doubtful, texts.agg(*asked).collect()[0]))
        return read(
            schema=StructType(
                [StructField(field.name, StringType()) if answers.get(field.name) else field for field in found]
            )
        )

    def texts(self, name, limit):
        # What is counted does not depend on how many parts it is counted in.
        self.spark.conf.set(COALESCE, "true")
        try:
            return self._texts(name, limit)
        finally:
            self.spark.conf.set(COALESCE, "false")

    def _texts(self, name, limit):
        from pyspark.sql import functions as F

        column = F.col(_quoted(name)).cast("string")
        counts = self.rows.select(column.alias("t")).where("t is not null").groupBy("t").count()
        found = counts.limit(limit + 1).collect()
        is_whole = len(found) <= limit
        rows = sum(row["count"] for row in found)
        if not is_whole:
            rows = self.rows.where(F.col(_quoted(name)).isNotNull()).count()
        return {"isWhole": is_whole, "rows": rows, "levels": [[row["t"], row["count"]] for row in found[:limit]]}

    def read(self, asked, columns):
        return self._collect(self._read(asked, columns))

    def encode(self, asked, columns):
        from pyspark import StorageLevel

        self.forget()
        self.encoded = self._read(asked, columns).persist(StorageLevel.MEMORY_AND_DISK)
        found = self._collect(self.encoded)
        self.parts = len(found["answers"])
        return found

    def ask(self, asked):
        def run(batches):
            import ornstein_executor

            return ornstein_executor.ask(asked, batches)

        return self._collect(self._gathered(self.encoded).mapInArrow(run, self.schema))

    def _gathered(self, frame):
        """The same in a few tasks a core, of parts that are on one machine: a task costs more than the pass over a small part."""
        if self.is_connect:
            return frame
        few = TASKS_OF_CORE * max(2, self.spark.sparkContext.defaultParallelism)
        return frame.coalesce(few) if few < self.parts else frame

    def predict(self, asked, columns, predicted, numbers, out):
        """Writes the rows with their predictions as Parquet, and tells how many there are."""
        from pyspark.sql import functions as F
        from pyspark.sql.types import DoubleType, StringType, StructField, StructType

        own = [F.col(_quoted(name)) for name in self.rows.columns]
        rows = self._chosen(columns, own)
        places = set(numbers)

        def run(batches):
            import ornstein_executor

            return ornstein_executor.predict(asked, columns, predicted, places, batches)

        added = [
            StructField(name, DoubleType() if k in places else StringType()) for k, name in enumerate(predicted)
        ]
        schema = StructType(list(self.rows.schema.fields) + added)
        with Progress(self):
            rows.mapInArrow(run, schema).write.parquet(out)
        written = self.spark.read.parquet(out)
        counts = written.agg(F.count(F.lit(1)), F.count(F.col(_quoted(predicted[0])))).collect()[0]
        return {"rows": counts[0], "predicted": counts[1]}

    def forget(self):
        if self.encoded is not None:
            self.encoded.unpersist()
        self.encoded = None
        return {}

    def _read(self, asked, columns):
        rows = self._chosen(columns)
        places = {
            kind: [f"c{k}" for k, column in enumerate(columns) if column.get("grouping") == kind]
            for kind in ("group", "within", None)
        }
        grouping = places["group"]
        if grouping:
            # A group is worked on as a whole: all of its rows are in one part, side by side.
            rows = rows.repartition(self._shuffled_parts(), *grouping)
        if grouping or self.is_sorted:
            rows = rows.sortWithinPartitions(*grouping, *places["within"], *places[None])

        def run(batches):
            import ornstein_executor

            return ornstein_executor.read(asked, columns, batches)

        return rows.mapInArrow(run, self.schema)

    def _shuffled_parts(self):
        """As many as the rows stand in as they are, which follows from the files: not from the number of executors."""
        from pyspark.sql import functions as F

        if self.shuffled_parts is None:
            with Progress(self):
                self.shuffled_parts = max(1, self.rows.select(F.spark_partition_id().alias("p")).distinct().count())
        return self.shuffled_parts

    def _chosen(self, columns, others=()):
        """The columns that are read, in the types in which the worker takes them, and others after them."""
        from pyspark.sql import functions as F

        types = {field.name: field.dataType.simpleString() for field in self.rows.schema.fields}
        chosen = [_expression(F, column, types[column["name"]]).alias(f"c{k}") for k, column in enumerate(columns)]
        return self.rows.select(*chosen, *others)

    def _collect(self, frame):
        with Progress(self):
            found = frame.collect()
        found.sort(key=lambda row: row["part"])
        parts = [row["part"] for row in found]
        if parts != list(range(len(parts))):
            raise RuntimeError(f"The parts {parts} have answered.")
        return {
            "answers": [
                {"answer": row["answer"], "data": base64.b64encode(bytes(row["data"])).decode()} for row in found
            ]
        }

    def close(self):
        if self.is_connect and self.encoded is not None:
            # Its executors live on. Elsewhere Spark clears their folders.
            self.ask(json.dumps({"kind": "remove"}))
        if self.spark is not None:
            self.spark.stop()
        return {}


class Progress:
    """Says how many of a job's tasks are done."""

    def __init__(self, session):
        self.context = None if session.is_connect else session.spark.sparkContext
        self.ended = threading.Event()

    def __enter__(self):
        if self.context is not None:
            threading.Thread(target=self._watch, daemon=True).start()

    def __exit__(self, *_):
        self.ended.set()

    def _watch(self):
        tracker = self.context.statusTracker()
        while not self.ended.wait(0.3):
            try:
                stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
                tasks = [stage for stage in stages if stage is not None]
                if tasks:
                    say({"progress": [sum(s.numCompletedTasks for s in tasks), sum(s.numTasks for s in tasks)]})
            except Exception:  # It is told for people alone.
                return


def _quoted(name):
    return "`" + name.replace("`", "``") + "`"


def _expression(F, column, kind):
    value = F.col(_quoted(column["name"]))
    if column["as"] == "boolean":
        return value.cast("int")
    if column["as"] in ("levels", "texts"):
        return value.cast("string")
    if kind == "date":
        return F.unix_date(value).cast("double")
    if kind in ("timestamp", "timestamp_ntz"):
        return F.unix_micros(value.cast("timestamp")) / F.lit(1e6) / F.lit(86400.0)
    number = value.cast("double")
    # Adding 0 makes 0 of -0, which is the same group and would be in another part.
    return number + F.lit(0.0) if column.get("grouping") else number


def serve():
    session = Session()
    requests = queue.Queue()

    def listen():
        for line in sys.stdin:
            requests.put(json.loads(line))
        # Whoever asks is gone, and with him the reason for a job that may still run.
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        request = requests.get()
        name = request.pop("do")
        try:
            say({"result": getattr(session, name)(**request)})
        except Refusal as refusal:
            say({"refusal": str(refusal)})
        except Exception as error:
            say({"failure": _told(error)})
        if name == "close":
            os._exit(0)


def _told(error):
    """What an error says, without the traces that Spark sends with it."""
    text = str(getattr(error, "desc", None) or error)
    _, _, trace = text.partition("Traceback (most recent call last):")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("\tat ")]
    if trace:
        # The first line after the trace's own, which are indented, names the error.
        told = next((line for line in trace.splitlines()[1:] if line and not line.startswith(" ")), lines[-1])
        return told.removeprefix("RuntimeError: ").strip()
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling"):
        return lines[1].removeprefix(": ").strip()
    return lines[0].strip() if lines else type(error).__name__


if __name__ == "__main__":
    serve()
