"""The designs of the logistic regressions that peers are timed on: `python designs.py NAME SHARED OUT`.

Writes to OUT the standardised design (x.npy, float32; the intercept is the last column), the targets (y.npy), and design.json:
the names that `ornstein` gives to the columns and the sds of their normal priors. Where `ornstein` cannot read the design's own
source (a design of indicators, a sample of rows), also rows.parquet, which it reads in its place.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def german_credit(shared):
    frame = pd.read_csv(shared / "data/german-credit/german.data-numeric", header=None, sep=r"\s+")
    columns = {f"column{k:02d}": frame[k].to_numpy(float) for k in range(24)}
    return columns, frame[24].to_numpy() == 2, {"slopes": 1.0, "intercept": 1.0}


def skin(shared):
    frame = pd.read_csv(shared / "data/skin/Skin_NonSkin.txt", header=None, sep="\t")
    return {f"column{k}": frame[k].to_numpy(float) for k in range(3)}, frame[3].to_numpy() == 2, {}


def indicators(name, values, levels):
    return {f"{name}[{level}]": (values == level).astype(float) for level in levels}


def covertype_frame(shared):
    return pd.read_parquet(shared / "data/covertype/covertype-binary.parquet")


def covertype(shared):
    return covertype_of(covertype_frame(shared))


def covertype_of(frame):
    """Treatment coding, the first level of each code as the reference."""
    target = frame.pop("lodgepole_pine").to_numpy() == 1
    columns = {}
    for name in frame.columns:
        values = frame[name].to_numpy()
        if name in ("wilderness_area", "soil_type"):
            columns |= indicators(f"C({name})", values, np.unique(values)[1:])
        else:
            columns[name] = values.astype(float)
    return columns, target, {}


def covertype_sample(shared):
    frame = covertype_frame(shared).sample(5_000, random_state=1).reset_index(drop=True)
    return *covertype_of(frame.copy()), frame


def covertype_notebook(shared):
    """The design and the prior of NumPyro's example covtype.py: all 54 columns of UCI's table, standardised, all N(0, 1)."""
    frame = covertype_frame(shared)
    target = frame.pop("lodgepole_pine").to_numpy() == 1
    columns = {}
    for name in frame.columns:
        values = frame[name].to_numpy()
        if name in ("wilderness_area", "soil_type"):
            short = name.split("_")[0]
            columns |= {f"{short}{level}": (values == level).astype(float) for level in np.unique(values)}
        else:
            columns[name] = values.astype(float)
    table = pd.DataFrame({name: values.astype(np.int16) for name, values in columns.items()} | {"lodgepole_pine": target})
    return columns, target, {"slopes": 1.0, "intercept": 1.0}, table


def flights(shared):
    frame = pd.read_parquet(
        Path(__file__).parents[3] / "node_modules/vega-datasets/data/flights-3m.parquet", columns=["date", "delay", "distance"]
    )
    hour, day = frame["date"].dt.hour.to_numpy(), frame["date"].dt.day_name().to_numpy()
    columns = indicators("C(hour)", hour, np.unique(hour)[1:])
    columns |= indicators("weekday", day, sorted(set(day))[1:])
    columns["distance"] = frame["distance"].to_numpy(float)
    return columns, frame["delay"].to_numpy() > 15, {}


DESIGNS = {
    "german-credit": german_credit,
    "skin": skin,
    "covertype": covertype,
    "covertype-sample": covertype_sample,
    "covertype-notebook": covertype_notebook,
    "flights": flights,
}


def main():
    name, shared, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    columns, target, priors, *table = DESIGNS[name](shared)
    out.mkdir(parents=True, exist_ok=True)
    x = np.empty((len(target), len(columns) + 1), np.float32)
    for k, values in enumerate(columns.values()):
        x[:, k] = (values - values.mean()) / values.std()
    x[:, -1] = 1
    np.save(out / "x.npy", x)
    np.save(out / "y.npy", target.astype(np.float32))
    for rows in table:
        rows.to_parquet(out / "rows.parquet", index=False)
    # The defaults of `ornstein`, where a case does not say otherwise.
    sds = [*[priors.get("slopes", 2.5)] * len(columns), priors.get("intercept", 10.0)]
    (out / "design.json").write_text(json.dumps({"columns": [*columns, "Intercept"], "priorSds": sds}))


if __name__ == "__main__":
    main()
