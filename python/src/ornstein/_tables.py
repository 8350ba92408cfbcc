"""Tables of Python as files that the command reads: Parquet, whose types are those of the table."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, Union

import pyarrow as pa
import pyarrow.parquet as pq

from ._errors import InputError

if TYPE_CHECKING:
    import pandas as pd

#: A pandas or polars data frame, an Arrow table or what gives one out, columns by name, records, or the path of a file.
Data = Union["pd.DataFrame", pa.Table, Mapping[str, Any], Sequence[Mapping[str, Any]], str, "os.PathLike[str]", Any]


def file_of(data: Data | None, folder: Path, name: str) -> str | None:
    """The path of a file with these rows: the one that is given, or a Parquet file that is written in the folder.

    Raises InputError where there is no table in it, or a column has a type without a meaning for a model.
    """
    if data is None:
        return None
    if isinstance(data, (str, os.PathLike)):
        path = os.fspath(data)
        if not isinstance(path, str) or path in ("", "-"):
            raise InputError(f"The data cannot be {path!r}: give a table, or the path of a file.")
        # What begins with a hyphen would be an option.
        return os.path.join(os.curdir, path) if path.startswith("-") else path
    table = arrow_of(data)
    for column in table.schema:
        _require_meaning(column)
    place = folder / f"{name}.parquet"
    pq.write_table(table, place)
    return str(place)


def arrow_of(data: Any) -> pa.Table:
    """A table as one of Arrow: ordered categories with their order, missing values as nulls, without an index."""
    if is_pandas(data):
        columns = _pandas_columns(data)
    elif is_polars(data):
        # A lazy frame is computed now.
        columns = _arrow_columns((data.collect() if hasattr(data, "collect") else data).to_arrow())
    elif isinstance(data, Mapping):
        columns = iter(data.items())
    elif isinstance(data, Sequence) and all(isinstance(row, Mapping) for row in data):
        columns = iter({name: [row.get(name) for row in data] for row in data for name in row}.items())
    elif isinstance(data, pa.Table):
        columns = _arrow_columns(data)
    elif isinstance(data, pa.RecordBatch) or hasattr(data, "__arrow_c_stream__"):
        columns = _arrow_columns(pa.table(data) if not isinstance(data, pa.RecordBatch) else pa.Table.from_batches([data]))
    else:
        raise InputError(
            f"A {type(data).__name__} is no table: give a pandas or polars data frame, an Arrow table, "
            "columns as a dict, or the path of a file."
        )
    names: list[str] = []
    arrays: list[pa.ChunkedArray] = []
    for name, values in columns:
        if not isinstance(name, str):
            raise InputError(f"The column {name!r} has no text for a name, by which a formula could use it: rename it.")
        if name in names:
            raise InputError(f"Two columns are called {name!r}: rename one of them.")
        names.append(name)
        arrays.append(_array_of(name, values))
    _require_same_length(names, arrays)
    if not names:
        raise InputError("The data have no columns.")
    return pa.table(arrays, names=names)


def is_pandas(data: Any) -> TypeGuard[pd.DataFrame]:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def is_polars(data: Any) -> bool:
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(data, (polars.DataFrame, polars.LazyFrame))


def _pandas_columns(data: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    for place, name in enumerate(data.columns):
        yield name, data.iloc[:, place]


def _arrow_columns(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    yield from zip(table.column_names, table.columns)


def _array_of(name: str, values: Any) -> pa.ChunkedArray:
    try:
        if not isinstance(values, pa.ChunkedArray):
            values = pa.array(_spelled(values), from_pandas=True)
        array = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise InputError(
            f"The column {name!r} cannot be read ({reason}): give all its values one type, or leave the column out."
        ) from error
    return _texts_of_categories(array)


def _spelled(values: Any) -> Any:
    """Columns of pandas whose type Arrow would read as something else."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(values, pandas.Series):
        return values
    if isinstance(values.dtype, pandas.SparseDtype):
        return values.sparse.to_dense()
    if isinstance(values.dtype, pandas.CategoricalDtype) and isinstance(
        values.cat.categories, (pandas.IntervalIndex, pandas.PeriodIndex)
    ):
        # Such as those of pd.cut: "(0, 10]" in their order.
        ordered = values.cat.rename_categories(values.cat.categories.astype(str))
        return ordered.cat.as_ordered()
    return values


def _texts_of_categories(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Categories that are numbers or dates are levels, as texts in their order; files would hold numbers."""
    kind = array.type
    if not pa.types.is_dictionary(kind) or _is_text(kind.value_type):
        return array
    if pa.types.is_boolean(kind.value_type) or pa.types.is_null(kind.value_type):
        return array.cast(kind.value_type)
    chunks = array.unify_dictionaries().chunks
    texts = [
        pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(pa.string()), ordered=True)
        for chunk in chunks
    ]
    return pa.chunked_array(texts, pa.dictionary(kind.index_type, pa.string(), ordered=True))


def _is_text(kind: pa.DataType) -> bool:
    is_view = getattr(pa.types, "is_string_view", lambda _: False)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or is_view(kind))


def _require_meaning(column: pa.Field) -> None:
    """Refuses types that a Parquet file keeps as other ones, which a model would then read as plain numbers."""
    if pa.types.is_duration(column.type):
        instead = "give numbers, such as its seconds"
    elif isinstance(column.type, pa.BaseExtensionType):
        instead = "give dates, numbers or texts"
    else:
        return
    raise InputError(f"The column {column.name!r} is of type {column.type}: {instead}, or leave the column out.")


def _require_same_length(names: Sequence[str], arrays: Sequence[pa.ChunkedArray]) -> None:
    for name, array in zip(names, arrays):
        if len(array) != len(arrays[0]):
            raise InputError(
                f"The columns {names[0]!r} and {name!r} are not of the same length: {len(arrays[0])} and {len(array)}."
            )
