"""What becomes of the columns of tables."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ornstein
from ornstein._tables import arrow_of, file_of

texts = ["b", "a", None, "c"]


def columns_of(fit: ornstein.Fit) -> list[str]:
    return [name for name in fit.summary().index if name not in ("Intercept", "sigma")]


def quick(data: Any, formula: str, **options: Any) -> ornstein.Fit:
    return ornstein.fit(data, formula, sampler="conjugate", quiet=True, **options)


def rows(**columns: Any) -> dict[str, Any]:
    """60 rows of a target and the columns, which are repeated."""
    return {"y": np.sin(np.arange(60.0) ** 2), **{name: [*values] * (60 // len(values)) for name, values in columns.items()}}


def test_types_are_kept() -> None:
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, 2, None, 4], dtype="Int64"),
            "truth": pd.array([True, None, False, True], dtype="boolean"),
            "text": pd.array(["1", "02", None, "x"], dtype="string"),
            "date": pd.to_datetime(["2024-01-01", None, "2024-01-03", "2024-01-04"]),
            "order": pd.Categorical(["l", "s", None, "m"], ["s", "m", "l"], ordered=True),
            "sparse": pd.arrays.SparseArray([0.0, 0.0, 1.0, 0.0]),
            "number": [1.5, np.nan, 2.5, np.inf],
            "object": ["a", np.nan, None, "b"],
        },
        index=["w", "x", "y", "z"],
    )
    table = arrow_of(frame)
    kinds = {field.name: field.type for field in table.schema}
    assert list(kinds) == list(frame.columns)
    assert kinds["whole"] == pa.int64() and kinds["truth"] == pa.bool_()
    assert pa.types.is_timestamp(kinds["date"]) and kinds["sparse"] == pa.float64()
    assert kinds["order"].ordered and table["order"].chunk(0).dictionary.to_pylist() == ["s", "m", "l"]
    assert table["text"].to_pylist() == ["1", "02", None, "x"]
    assert table["number"].to_pylist() == [1.5, None, 2.5, np.inf]
    assert table["object"].to_pylist() == ["a", None, None, "b"]


def test_pandas_polars_arrow_and_files_are_one_table(frame: pd.DataFrame, tmp_path: Path) -> None:
    data = frame[["y", "x", "size", "late"]].reset_index(drop=True)
    polars = pl.from_pandas(data.assign(size=data["size"].astype(str))).with_columns(
        pl.col("size").cast(pl.Enum(["small", "medium", "large"]))
    )
    arrow = pa.Table.from_pandas(data)
    pq.write_table(arrow, tmp_path / "data.parquet")
    expected = quick(data, "y ~ x + size + late").summary()
    assert list(expected.index)[:4] == ["x", "size[medium]", "size[large]", "late[true]"]
    others = [polars, polars.lazy(), arrow, arrow.to_batches()[0], tmp_path / "data.parquet", str(tmp_path / "*.parquet")]
    for other in others:
        pd.testing.assert_frame_equal(quick(other, "y ~ x + size + late").summary(), expected)
    records = data.astype({"size": str}).to_dict("records")
    again = quick(records, "y ~ x + C(size, ref='small') + late").summary()
    assert set(again.index) == {name.replace("size[", "C(size)[") for name in expected.index}


def test_categories_that_are_no_texts_are_levels_in_their_order() -> None:
    numbers = pd.Series(pd.Categorical([10, 9, 2, 10, 2, 9]))
    data = pd.DataFrame(rows(dummy=[0])).assign(
        code=pd.concat([numbers] * 10, ignore_index=True).astype("category"),
        cut=pd.cut(np.linspace(0, 30, 60), [-1, 5, 10, 40]),
        truth=pd.Categorical([True, False] * 30),
    )
    fit = quick(data, "y ~ code + cut + truth")
    assert columns_of(fit) == ["code[9]", "code[10]", "cut[(5, 10]]", "cut[(10, 40]]", "truth[true]"]
    # Plain numbers are read as these levels.
    plain = data.assign(code=data.code.astype(int), truth=data.truth.astype(bool), cut=data.cut.astype(str))
    pd.testing.assert_frame_equal(fit.predict(plain, quiet=True), fit.predict(data, quiet=True))


def test_texts_that_look_like_numbers_are_texts() -> None:
    assert columns_of(quick(rows(code=["1", "02", "1"]), "y ~ code")) == ["code[1]"]


def test_dates_times_decimals_and_big_numbers() -> None:
    data = rows(
        day=[datetime.date(2024, 1, day) for day in range(1, 13)],
        price=[decimal.Decimal(number) / 7 for number in (3, 1, 4, 1)],
        big=[2**62 + number * 2**55 for number in (1, 5, 2)],
    )
    fit = quick(data, "y ~ day + price + big")
    assert columns_of(fit) == ["day", "price", "big"]
    days = [(day - datetime.date(1970, 1, 1)).days for day in data["day"]]
    design = np.column_stack([np.array(values, float) for values in (days, data["price"], data["big"])])
    scales = design.std(0)
    slopes = np.linalg.lstsq((design - design.mean(0)) / scales, np.array(data["y"]) - np.mean(data["y"]), rcond=None)[0]
    expected = slopes / scales
    summary = fit.summary().iloc[:3]
    assert np.all(np.abs(summary["mean"] - expected) < 0.1 * summary["sd"])
    with pytest.raises(ornstein.InputError, match="'huge' cannot be read"):
        quick(rows(huge=[2**70, 1]), "y ~ huge")


def test_hostile_names_of_columns() -> None:
    names = [
        *["a b", "a`b", 'say "x"', "ü~ö + 1", "draw", "row", "chain", "line\nbreak", "--json", "y.1", "C(x)"],
        *["<b>", "a/b", "x", "X", "'", "true", "a=b,c"],
    ]
    random = np.random.default_rng(1)
    data = {"y": random.normal(size=200), **{name: random.normal(size=200) for name in names}}
    fit = quick(data, " + ".join(f"`{name.replace('`', '``')}`" for name in names).join(["y ~ ", ""]))
    assert len(columns_of(fit)) == len(names)
    design = np.column_stack([*(data[name] for name in names), np.ones(200)])
    expected = np.linalg.lstsq(design, data["y"], rcond=None)[0]
    summary = fit.summary().iloc[:-1]
    assert np.all(np.abs(summary["mean"] - expected) < 0.1 * summary["sd"])
    # Columns are found by name, in whatever order they are.
    backwards = dict(reversed(data.items()))
    np.testing.assert_allclose(fit.predict(backwards, quiet=True)["mean"], design @ summary["mean"], atol=0.05)
    slope = fit.effects(data, of="a=b,c", kind="slopes", quiet=True)
    assert slope.loc[0, "term"] == "a=b,c"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Two columns are called 'a'"),
        (pd.DataFrame({0: [1], 1: [2]}), "The column 0 has no text for a name"),
        (pd.DataFrame({"y": [1.0]}).T.T.assign(t=pd.to_timedelta([5], unit="s")), "'t' is of type duration"),
        (pd.DataFrame({"p": pd.period_range("2024-01", periods=2, freq="M")}), "'p' is of type"),
        ({"y": [1, 2], "x": [1, "a"]}, "'x' cannot be read"),
        ({"y": [1, 2], "x": [1]}, "not of the same length: 2 and 1"),
        ({"y": np.ones((2, 2))}, "'y' cannot be read"),
        ({}, "no columns"),
        (pl.DataFrame({"x": [datetime.timedelta(1)]}), "'x' is of type duration"),
        (5, "A int is no table"),
        ("", "The data cannot be ''"),
        ("-", "The data cannot be '-'"),
        (None, "There is nothing to read"),
    ],
)
def test_what_is_no_table_is_refused(data: Any, sentence: str) -> None:
    with pytest.raises(ornstein.InputError, match=sentence.replace("(", r"\(").replace("'", ".")):
        ornstein.fit(data, "y ~ x", quiet=True)


def test_a_column_that_is_called_as_a_parameter() -> None:
    with pytest.raises(ornstein.InputError, match="Two parameters of this model are called sigma"):
        quick(rows(sigma=[1.0, 3.0, 2.5]), "y ~ sigma")


def test_empty_tables_and_columns() -> None:
    with pytest.raises(ornstein.InputError, match="row"):
        quick(pd.DataFrame({"y": [], "x": []}), "y ~ x")
    with pytest.raises(ornstein.InputError):
        quick(rows(x=[None]), "y ~ x")


def test_rows_that_are_left_out_are_counted() -> None:
    with pytest.warns(ornstein.OrnsteinWarning, match="15 rows with a missing value"):
        fit = quick(rows(x=[1.0, None, 3.0, 2.5]), "y ~ x")
    assert fit.result["data"]["rows"] == 45


def test_paths_are_not_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pd.DataFrame(rows(x=[1.0, 2.0, 4.0])).to_csv("--json.csv", index=False)
    assert columns_of(quick("--json.csv", "y ~ x")) == ["x"]
    assert file_of(Path("--json.csv"), tmp_path, "data") == "./--json.csv"


def test_sql_reads_tables_and_files(frame: pd.DataFrame, tmp_path: Path) -> None:
    query = "select y, x, late as z from data where x > 0"
    fit = quick(frame, "y ~ x + z", sql=query)
    assert fit.result["data"]["rows"] == (frame.x > 0).sum()
    frame.to_csv(tmp_path / "data.csv", index=False)
    other = quick(None, "y ~ x + z", sql=query.replace("data", f"'{tmp_path}/data.csv'"))
    assert other.result["data"]["rows"] == fit.result["data"]["rows"]
    assert len(fit.predict(frame, sql="select x, late as z from data limit 3", quiet=True)) == 3
