"""Writes arviz-diagnostics.json: draws, and what ArviZ says of them.

In a virtual environment:  pip install "arviz==0.23.4"  then  python test/golden/arviz-diagnostics.py

ArviZ below 1.0 on purpose: 1.0 reports an equal-tailed interval at 0.89 by default, this library the 0.94 HDI.
The draws are rounded and stored, so that both languages start from the same numbers. NaN is stored as null.
"""

import json
import logging
import math
import pathlib
import platform
import warnings

import arviz as az
import numpy as np
import scipy

warnings.filterwarnings("ignore")
logging.getLogger("arviz").setLevel(logging.ERROR)
generator = np.random.default_rng(20210527)
normal = generator.standard_normal


def autoregressive(phi, chains, draws):
    """x_n = phi x_{n-1} + e_n with standard normal e, from its stationary law."""
    values = normal((chains, draws))
    values[:, 0] /= math.sqrt(1 - phi**2)
    for n in range(1, draws):
        values[:, n] += phi * values[:, n - 1]
    return values


cases = {
    "iid normal": normal((4, 100)),
    "AR(1) 0.5": autoregressive(0.5, 4, 200),
    "AR(1) 0.95": autoregressive(0.95, 4, 250),
    "random walk": np.cumsum(normal((2, 500)), axis=1),
    "antithetic AR(1) -0.5": autoregressive(-0.5, 4, 200),
    "antithetic AR(1) -0.99, at the cap": autoregressive(-0.99, 4, 100),
    "Cauchy": generator.standard_cauchy((4, 150)),
    "exponential": generator.exponential(2.0, (4, 150)),
    "different means": normal((4, 100)) + np.array([[0.0], [0.5], [1.0], [3.0]]),
    "different scales": normal((4, 100)) * np.array([[1.0], [1.0], [2.0], [5.0]]),
    "short 4x10": normal((4, 10)),
    "shortest 4x4": normal((4, 4)),
    "three chains of 5": normal((3, 5)),
    "odd length 4x101": normal((4, 101)) + np.linspace(0, 1, 101),
    "one chain": autoregressive(0.3, 1, 200),
    "ties, integers": generator.poisson(2.0, (4, 100)).astype(float),
    "two values": generator.integers(0, 2, (4, 50)).astype(float),
    "far from zero": 1e6 + normal((4, 100)),
    "constant": np.full((4, 20), 3.0),
    "too short 4x3": normal((4, 3)),
    "NaN": np.array([[1.0, 2.0, np.nan, 4.0, 3.0], [2.0, 1.0, 3.0, 4.0, 5.0]]),
}


def number(value):
    value = float(value)
    return None if math.isnan(value) else value


def expected(draws):
    row = az.summary({"x": draws}, round_to="none", hdi_prob=0.94).loc["x"]
    # For a chain of odd length `summary` folds about another median than `rhat`; ours is `rhat`.
    if draws.shape[0] > 1 and draws.shape[1] % 2 == 0:
        assert np.isclose(row["r_hat"], az.rhat(draws), rtol=1e-12, equal_nan=True)
    interval = az.hdi(draws.ravel(), hdi_prob=0.5)
    quantiles = {p: az.stats.stats_utils.quantile(draws, p)[0] for p in (0.05, 0.25, 0.5, 0.95)}
    if np.isnan(draws).any():
        # ArviZ sorts NaN to the top and returns one true end; the library returns none.
        row["hdi_3%"] = row["hdi_97%"] = math.nan
        interval = (math.nan, math.nan)
    return {
        "mean": number(row["mean"]),
        "sd": number(row["sd"]),
        "hdiLow": number(row["hdi_3%"]),
        "hdiHigh": number(row["hdi_97%"]),
        "mcseMean": number(row["mcse_mean"]),
        "mcseSd": number(row["mcse_sd"]),
        "essBulk": number(row["ess_bulk"]),
        "essTail": number(row["ess_tail"]),
        "rHat": number(az.rhat(draws, method="rank")),
        "rHatIdentity": number(az.rhat(draws, method="identity")),
        "essMean": number(az.ess(draws, method="mean")),
        "essSd": number(az.ess(draws, method="sd")),
        "essIdentity": number(az.ess(draws, method="identity")),
        "essMedian": number(az.ess(draws, method="quantile", prob=0.5)),
        "hdiHalf": [number(interval[0]), number(interval[1])],
        "quantiles": {str(p): number(q) for p, q in quantiles.items()},
    }


record = {
    "source": "test/golden/arviz-diagnostics.py",
    "versions": {
        "arviz": az.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    },
    "cases": [],
}
for name, draws in cases.items():
    draws = np.round(draws, 4)
    chains = [[number(value) for value in chain] for chain in draws]
    record["cases"].append({"name": name, "chains": chains, "expected": expected(draws)})

target = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(case, allow_nan=False) for case in record["cases"])
head = json.dumps({key: record[key] for key in ("source", "versions")})[:-1]
target.write_text(f'{head}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")
