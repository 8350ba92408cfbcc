"""Predictions and effects, in the kinds of tables that they are asked for in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ornstein


def test_predictions_have_the_rows_of_the_table(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    some = frame.sample(50, random_state=1)
    predicted = linear.predict(some, quiet=True)
    assert list(predicted.index) == list(some.index)
    summary = linear.summary()["mean"]
    sizes = {"small": 0.0, "medium": summary["size[medium]"], "large": summary["size[large]"]}
    means = summary["Intercept"] + summary["x"] * some.x + some["size"].map(sizes).astype(float) + summary["late[true]"] * some.late
    # Means over 1,000 draws: their Monte Carlo error is 3% of an sd.
    assert np.all(np.abs(predicted["mean"] - means) < 0.2 * predicted["sd"])
    assert np.all(predicted.predictive_low < predicted.mean_low)


def test_they_are_of_the_kind_of_the_table(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    rows = frame.head(5).drop(columns=["school", "event"])
    expected = linear.predict(rows, quiet=True).reset_index(drop=True)
    polars = linear.predict(pl.from_pandas(rows), quiet=True)
    assert isinstance(polars, pl.DataFrame)
    arrow = linear.predict(pa.Table.from_pandas(rows), quiet=True)
    assert isinstance(arrow, pa.Table)
    columns = linear.predict({name: list(rows[name]) for name in rows}, quiet=True)
    for other in (polars.to_pandas(), arrow.to_pandas(), columns):
        pd.testing.assert_frame_equal(other, expected)


def test_levels_are_those_of_the_fit(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    # One level alone, categories in another order, and plain texts.
    rows = frame[frame["size"] == "large"].head(3)
    expected = linear.predict(rows, quiet=True)
    for sizes in (rows["size"].astype(str), pd.Categorical(rows["size"].astype(str), ["large", "small"], ordered=True)):
        pd.testing.assert_frame_equal(linear.predict(rows.assign(size=sizes), quiet=True), expected)
    with pytest.raises(ornstein.InputError, match="huge"):
        linear.predict(rows.assign(size="huge"), quiet=True)
    with pytest.warns(ornstein.OrnsteinWarning, match="huge|level"):
        linear.predict(rows.assign(size="huge"), unknown_levels="reference", quiet=True)


def test_missing_values_are_predicted_as_missing(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    rows = frame.head(4).copy()
    rows.loc[rows.index[1], "x"] = np.nan
    rows["late"] = pd.array([True, False, None, False], dtype="boolean")
    with pytest.warns(ornstein.OrnsteinWarning, match="missing"):
        predicted = linear.predict(rows, quiet=True)
    assert list(predicted["mean"].isna()) == [False, True, True, False]


def test_scores(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    scores = linear.score(frame, quiet=True)
    residual = frame.y - linear.predict(frame, quiet=True)["mean"]
    assert scores["rows"] == 400
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean(residual**2)), rel=1e-6)
    with pytest.raises(ornstein.InputError, match="nothing to score"):
        linear.score(frame.drop(columns="y"), quiet=True)


def test_classes_and_probabilities(frame: pd.DataFrame) -> None:
    fit = ornstein.fit(frame, "event ~ x", tolerance=0.1, event="no", quiet=True)
    predicted = fit.predict(frame.head(3), draws=2, quiet=True)
    assert set(predicted.prediction) <= {"yes", "no"}
    assert {"probability", "draw_1", "draw_2"} <= set(predicted.columns)
    # The event is "no", which is rarer the larger x is.
    assert fit.summary().loc["x", "mean"] < 0


def test_effects(linear: ornstein.Fit, frame: pd.DataFrame) -> None:
    slopes = linear.effects(frame, of="x", kind="slopes", quiet=True)
    assert slopes.loc[0, "estimate"] == pytest.approx(linear.summary().loc["x", "mean"], abs=0.02)
    grid = linear.effects(of="size", at={"x": [0, 1.5], "late": True}, kind="predictions", quiet=True)
    assert list(grid.at_x.astype(float)) == [0, 0, 0, 1.5, 1.5, 1.5]
    hypothesis = linear.effects(hypothesis=["x > 0", "`size[large]` < `size[medium]`"], quiet=True)
    assert list(hypothesis.probability) == [1, pytest.approx(1, abs=0.01)]
    by = linear.effects(frame, of="x", by=["late"], kind="slopes", quiet=True)
    assert set(by.by_late) == {"false", "true"}
    with pytest.raises(ornstein.InputError, match='did you mean "?x'):
        linear.effects(frame, of="xx", quiet=True)


def test_groups(multilevel: ornstein.Fit, frame: pd.DataFrame) -> None:
    known = multilevel.predict(frame.head(3), quiet=True)
    population = multilevel.predict(frame.head(3), groups="population", quiet=True)
    assert not np.allclose(known["mean"], population["mean"])
