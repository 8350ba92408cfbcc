"""Tables and fits that several tests look at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ornstein


def table(rows: int = 400) -> pd.DataFrame:
    """Numbers, an ordered category, a truth value and groups, under names that are not plain."""
    random = np.random.default_rng(1)
    x = random.normal(size=rows)
    size = random.integers(0, 3, size=rows)
    school = random.integers(0, 30, size=rows)
    late = random.random(rows) < 0.5
    y = 1 + 2 * x - size + 0.5 * late + random.normal(size=rows) + random.normal(size=30)[school]
    return pd.DataFrame(
        {
            "y": y,
            "x": x,
            "size": pd.Categorical.from_codes(size, ["small", "medium", "large"], ordered=True),
            "late": late,
            "school": [f"s{number:02d}" for number in school],
            "event": np.where(y > 1, "yes", "no"),
        },
        index=pd.RangeIndex(1000, 1000 + rows),
    )


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return table()


@pytest.fixture(scope="session")
def linear(frame: pd.DataFrame) -> ornstein.Fit:
    return ornstein.fit(frame, "y ~ x + size + late", draws=500, save_data=True, quiet=True)


@pytest.fixture(scope="session")
def multilevel(frame: pd.DataFrame) -> ornstein.Fit:
    # A seed whose interval ends are known to a tenth of an sd, as most are: warnings are errors here.
    return ornstein.fit(frame, "y ~ x + (1 | school)", tolerance=0.1, seed=2, quiet=True)
