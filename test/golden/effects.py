"""Effects by marginaleffects for Python, draw by draw: the coefficients of a statsmodels fit are replaced by those of a
"draw", and marginaleffects computes average predictions, comparisons and slopes with them, as of any fit. What is written are the
data, the draws, and each estimate at each draw.

    python3 -m venv venv && venv/bin/pip install marginaleffects==0.6.0 statsmodels==0.15.0 pandas==3.1.1
    venv/bin/python test/golden/effects.py > test/golden/effects.json
"""
import json
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import statsmodels.formula.api as smf
import statsmodels.api as sm
from marginaleffects import avg_comparisons, avg_predictions, avg_slopes, comparisons, predictions, slopes, datagrid

warnings.filterwarnings("ignore")
random = np.random.default_rng(20261127)
rows = 60
data = pd.DataFrame(
    {
        "x": random.normal(2, 1, rows).round(3),
        "z": random.gamma(3, 1, rows).round(3) + 0.1,
        "city": random.choice(["Lima", "Oslo", "Rome"], rows),
        "arm": random.choice(["a", "b"], rows),
    }
)
eta = -0.5 + 0.6 * data.x - 0.3 * np.log(data.z) + (data.city == "Rome") * (0.8 - 0.4 * data.x)
data["city"] = data.city.astype("category")
data["arm"] = data.arm.astype("category")
data["late"] = (random.uniform(size=rows) < 1 / (1 + np.exp(-eta))).astype(int)
data["count"] = random.poisson(np.exp(0.4 * eta + 0.5))
data["y"] = (eta + random.normal(0, 1, rows)).round(3)
data["kind"] = np.where(eta + random.normal(0, 1, rows) > 0.5, np.where(random.uniform(size=rows) < 0.5, 1, 2), 0)

formulas = {
    "bernoulli": "late ~ x * city + np.log(z) + arm",
    "poisson": "count ~ x + city + I(z**2)",
    "gaussian": "y ~ x * arm + I(x**2) + city",
    "categorical": "kind ~ x + city",
}
fits = {
    "bernoulli": smf.logit(formulas["bernoulli"], data).fit(disp=0),
    "poisson": smf.glm(formulas["poisson"], data, family=sm.families.Poisson()).fit(),
    "gaussian": smf.ols(formulas["gaussian"], data).fit(),
    "categorical": smf.mnlogit(formulas["categorical"], data).fit(disp=0),
}
num_draws = 8


def step(x):
    """x and x + 1: marginaleffects for Python centres its own step of 1 on x, the one for R does not."""
    return pl.DataFrame({"lo": x, "hi": x + 1})


# How each estimate is asked of ornstein (options of `effects`; "data": whether rows are averaged over), and of marginaleffects. The
# latter's slopes are central differences of width `eps`.
grid = lambda fit, **at: datagrid(model=fit, x=[2.0], z=[1.5], city=["Oslo"], arm=["b"]) if not at else datagrid(model=fit, **at)
eps = 1e-4
cases = {
    "bernoulli": [
        (dict(kind="predictions"), lambda f: avg_predictions(f)),
        (dict(kind="predictions", by="city"), lambda f: avg_predictions(f, by="city")),
        (dict(of="city", kind="predictions"), lambda f: avg_predictions(f, variables="city", by="city")),
        (dict(of="x", kind="predictions", at={"x": [1, 2, 3]}), lambda f: avg_predictions(f, variables={"x": [1.0, 2.0, 3.0]}, by="x")),
        (dict(of="x", kind="comparisons"), lambda f: avg_comparisons(f, variables={"x": step})),
        (dict(of="x", kind="comparisons", contrast="3 - 1"), lambda f: avg_comparisons(f, variables={"x": [1.0, 3.0]})),
        (dict(of="x", kind="comparisons", contrast="3 - 1", by="city"), lambda f: avg_comparisons(f, variables={"x": [1.0, 3.0]}, by="city")),
        (dict(of="city", kind="comparisons"), lambda f: avg_comparisons(f, variables="city")),
        (dict(of="city", kind="comparisons", contrast="pairwise"), lambda f: avg_comparisons(f, variables={"city": "pairwise"})),
        (dict(of="arm", kind="comparisons", by="city"), lambda f: avg_comparisons(f, variables="arm", by="city")),
        (dict(of="city", kind="comparisons", by="city"), lambda f: avg_comparisons(f, variables="city", by="city")),
        (dict(of="city", kind="comparisons", comparison="ratio"), lambda f: avg_comparisons(f, variables="city", comparison="ratio")),
        (dict(of="city", kind="comparisons", comparison="odds-ratio"), lambda f: avg_comparisons(f, variables="city", comparison="lnor")),
        (dict(of="city", kind="comparisons", scale="link"), lambda f: None),
        (dict(of="x", kind="slopes"), lambda f: avg_slopes(f, variables="x", eps=eps)),
        (dict(of="z", kind="slopes"), lambda f: avg_slopes(f, variables="z", eps=eps)),
        (dict(of="x", kind="slopes", by="city"), lambda f: avg_slopes(f, variables="x", by="city", eps=eps)),
    ],
    "poisson": [
        (dict(of="city", kind="comparisons", comparison="ratio"), lambda f: avg_comparisons(f, variables="city", comparison="ratio")),
        (dict(of="z", kind="comparisons"), lambda f: avg_comparisons(f, variables={"z": step})),
        (dict(of="z", kind="slopes"), lambda f: avg_slopes(f, variables="z", eps=eps)),
    ],
    "gaussian": [
        (dict(of="x", kind="slopes", by="arm"), lambda f: avg_slopes(f, variables="x", by="arm", eps=eps)),
        (dict(of="arm", kind="comparisons"), lambda f: avg_comparisons(f, variables="arm")),
        (dict(of="city", kind="predictions", by="arm"), lambda f: avg_predictions(f, variables="city", by=["city", "arm"])),
    ],
    "categorical": [
        (dict(kind="predictions"), lambda f: avg_predictions(f)),
        (dict(of="city", kind="comparisons"), lambda f: avg_comparisons(f, variables="city")),
        (dict(of="x", kind="slopes"), lambda f: avg_slopes(f, variables="x", eps=eps)),
    ],
}
print(avg_predictions(fits["categorical"]), file=sys.stderr)
f = fits["bernoulli"]
print(f.params, file=sys.stderr)
a = avg_comparisons(f, variables="city")
print(a, file=sys.stderr)
f._results.params = f._results.params + 0.1
print(f.params, avg_comparisons(f, variables="city"), file=sys.stderr)
