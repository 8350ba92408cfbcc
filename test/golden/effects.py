"""Effects by marginaleffects for Python, draw by draw: the coefficients of a statsmodels fit are replaced by those of a
"draw", and marginaleffects computes average predictions, comparisons and slopes with them, as of any fit. What is written are the
data, the draws, and each estimate at each draw.

    python3 -m venv venv && venv/bin/pip install "polars<2" marginaleffects==0.6.0 statsmodels==0.15.0 pandas==3.1.1
    venv/bin/python test/golden/effects.py > test/golden/effects.json
"""
import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import statsmodels.formula.api as smf
import statsmodels.api as sm
from marginaleffects import avg_comparisons, avg_predictions, avg_slopes, comparisons, datagrid, predictions, slopes

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


def link(fit, **values):
    """Average linear predictors with columns set, by statsmodels."""
    return fit.predict(data.assign(**{k: pd.Categorical([v] * rows, data[k].cat.categories) for k, v in values.items()}), which="linear").mean()


def rows_of(table, of=lambda value: value):
    """What tells the estimates of a table from each other, and the estimates."""
    names = [name for name in table.columns if name in ("group", "contrast", "city", "arm", "x", "z")]
    return [({name: row[name] for name in names}, of(row["estimate"])) for row in table.to_dicts()]


# How each estimate is asked of ornstein (options of `effects`, and whether it has the rows), and of marginaleffects. The latter's
# slopes are central differences of width `eps`.
own = dict(vcov=False)
eps = dict(eps=1e-4, vcov=False)
mean = lambda fit, **at: datagrid(model=fit, **at)
cases = {
    "bernoulli": [
        ({"kind": "predictions"}, True, lambda f: rows_of(avg_predictions(f, **own))),
        ({"kind": "predictions", "by": "city"}, True, lambda f: rows_of(avg_predictions(f, by="city", **own))),
        ({"of": "city", "kind": "predictions"}, True, lambda f: rows_of(avg_predictions(f, variables="city", by="city", **own))),
        ({"of": "x", "kind": "predictions", "at": "x=1,2,3"}, True,
         lambda f: rows_of(avg_predictions(f, variables={"x": [1.0, 2.0, 3.0]}, by="x", **own))),
        ({"of": "x", "kind": "comparisons"}, True, lambda f: rows_of(avg_comparisons(f, variables={"x": step}, **own))),
        ({"of": "x", "contrast": "3 - 1"}, True, lambda f: rows_of(avg_comparisons(f, variables={"x": [1.0, 3.0]}, **own))),
        ({"of": "x", "contrast": "3 - 1", "by": "city"}, True,
         lambda f: rows_of(avg_comparisons(f, variables={"x": [1.0, 3.0]}, by="city", **own))),
        ({"of": "city", "kind": "comparisons"}, True, lambda f: rows_of(avg_comparisons(f, variables="city", **own))),
        ({"of": "city", "contrast": "pairwise"}, True, lambda f: rows_of(avg_comparisons(f, variables={"city": "pairwise"}, **own))),
        ({"of": "arm", "kind": "comparisons", "by": ["city", "arm"]}, True,
         lambda f: rows_of(avg_comparisons(f, variables="arm", by=["city", "arm"], **own))),
        ({"of": "city", "kind": "comparisons", "comparison": "ratio"}, True,
         lambda f: rows_of(avg_comparisons(f, variables="city", comparison="ratio", **own))),
        ({"of": "city", "kind": "comparisons", "comparison": "odds-ratio"}, True,
         lambda f: rows_of(avg_comparisons(f, variables="city", comparison="lnor", **own), np.exp)),
        ({"of": "city", "contrast": "Rome - Oslo", "scale": "link"}, True,
         lambda f: [({"contrast": "Rome - Oslo"}, link(f, city="Rome") - link(f, city="Oslo"))]),
        ({"of": "x", "kind": "slopes"}, True, lambda f: rows_of(avg_slopes(f, variables="x", **eps))),
        ({"of": "z", "kind": "slopes"}, True, lambda f: rows_of(avg_slopes(f, variables="z", **eps))),
        ({"of": "x", "kind": "slopes", "by": "city"}, True, lambda f: rows_of(avg_slopes(f, variables="x", by="city", **eps))),
        ({"kind": "predictions"}, False, lambda f: rows_of(predictions(f, newdata=mean(f), **own))),
        ({"of": "x", "kind": "slopes", "at": ["x=1,3", "city=Rome"]}, False,
         lambda f: rows_of(slopes(f, variables="x", newdata=mean(f, x=[1.0, 3.0], city=["Rome"]), **eps))),
        ({"of": "city", "kind": "comparisons", "at": "z=1,2"}, False,
         lambda f: rows_of(comparisons(f, variables="city", newdata=mean(f, z=[1.0, 2.0]), **own))),
    ],
    "poisson": [
        ({"of": "city", "kind": "comparisons", "comparison": "ratio"}, True,
         lambda f: rows_of(avg_comparisons(f, variables="city", comparison="ratio", **own))),
        ({"of": "z", "kind": "comparisons"}, True, lambda f: rows_of(avg_comparisons(f, variables={"z": step}, **own))),
        ({"of": "z", "kind": "slopes"}, True, lambda f: rows_of(avg_slopes(f, variables="z", **eps))),
    ],
    "gaussian": [
        ({"of": "x", "kind": "slopes", "by": "arm"}, True, lambda f: rows_of(avg_slopes(f, variables="x", by="arm", **eps))),
        ({"of": "arm", "kind": "comparisons"}, True, lambda f: rows_of(avg_comparisons(f, variables="arm", **own))),
    ],
    "categorical": [
        ({"kind": "predictions"}, True, lambda f: rows_of(avg_predictions(f, **own))),
        ({"of": "city", "kind": "comparisons"}, True, lambda f: rows_of(avg_comparisons(f, variables="city", **own))),
        ({"of": "x", "kind": "slopes"}, True, lambda f: rows_of(avg_slopes(f, variables="x", **eps))),
    ],
}


def at_every_draw(fit, draws, ask):
    """The estimates of a case at every draw, with their names."""
    found = []
    for draw in draws:
        fit._results.params = draw
        found.append(ask(fit))
    return [{**names, "draws": [float(own[k][1]) for own in found]} for k, (names, _) in enumerate(found[0])]


result = {"data": data.astype({"city": str, "arm": str}).to_dict("list"), "fits": {}}
for family, fit in fits.items():
    center = np.asarray(fit.params)
    names = list(fit.model.exog_names)
    # Of columns of large numbers smaller, so that predictions stay of a size where a central difference is exact to 1e-8.
    spread = 0.1 / np.maximum(1, fit.model.exog.std(axis=0))
    spread = spread if center.ndim == 1 else spread[:, None]
    draws = [center + spread * random.normal(0, 1, center.shape) for _ in range(num_draws)]
    result["fits"][family] = {
        "formula": formulas[family],
        "names": names,
        # Of classes the coefficients class by class, without the first.
        "draws": [np.atleast_2d(draw.T).tolist() for draw in draws],
        "cases": [{"options": options, "hasRows": has_rows, "estimates": at_every_draw(fit, draws, ask)} for options, has_rows, ask in cases[family]],
    }
print(json.dumps(result))
