"""What the peers in Python share: lme4's formulas taken apart, clocks, and the JSON that a peer prints."""

import json
import re
import sys
import time
import warnings

import numpy as np
import pandas as pd


def parsed(formula):
    """y ~ a + b + (1 + x | g) as (target, predictors, [(slopes, group)])."""
    target, right = (side.strip() for side in formula.split("~"))
    terms = []
    for inside in re.findall(r"\(([^)]*)\)", right):
        effects, group = (part.strip() for part in inside.split("|"))
        terms.append(([e.strip() for e in effects.split("+") if e.strip() != "1"], group))
    rest = re.sub(r"\([^)]*\)", "", right)
    return target, [p.strip() for p in rest.split("+") if p.strip() not in ("", "1")], terms


def read_arguments():
    """The table, the formula and the family given on the command line."""
    path, formula, family = sys.argv[1:4]
    return pd.read_csv(path), formula, family


class Clock:
    def __init__(self):
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def spent(self):
        return {"wall": time.perf_counter() - self.wall, "processor": time.process_time() - self.processor}


def watched(call):
    """The result of a call, and the warnings that it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    kept = [str(w.message) for w in caught if not issubclass(w.category, (DeprecationWarning, FutureWarning))]
    return result, kept


def answer(package, version, estimates, clock, said):
    plain = {
        name: {key: float(value) for key, value in entry.items() if value is not None and np.isfinite(value)}
        for name, entry in estimates.items()
    }
    print(json.dumps({"package": package, "version": version, "said": said, "estimates": plain, **clock}))
