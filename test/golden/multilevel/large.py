"""Reference posteriors of tables that bench/multilevel/simulate.mjs writes: random-intercept logits of 10^5 groups.

    python large.py FOLDER logit-unequal logit-1m     # writes references/logit-unequal.json, ..

The same exact integration as references.py; some minutes of one processor for 10^6 rows.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import integrals as I
from cases import Case
from models import Parameters
from references import REFERENCES, posterior_of


def build(path, step=0.4):
    frame = pd.read_csv(path).sort_values("g", kind="stable")
    columns = frame[["x1", "x2"]].to_numpy(float)
    x = np.column_stack([np.ones(len(frame)), (columns - columns.mean(0)) / columns.std(0)])
    sign = 2 * frame["y"].to_numpy(float) - 1
    starts = np.append(np.unique(frame["g"].to_numpy(), return_index=True)[1], len(frame))
    nodes, log_weights = I.axis(step, 6.0)
    moments = np.empty((len(starts) - 1, 2))

    def log_likelihood(values):
        return I.one_effect_bernoulli(x @ values[:3], sign, starts, values[3], nodes, log_weights, moments)

    pairs = [("Intercept", "intercept"), ("x1", "coefficient"), ("x2", "coefficient"), ("sd(g)[Intercept]", "tau")]
    scale = {"target_mean": 0.0, "target_sd": 1.0} | {
        key: dict(zip(("x1", "x2"), map(float, values))) for key, values in (("mean", columns.mean(0)), ("sd", columns.std(0)))
    }
    info = {"formula": "y ~ x1 + x2 + (1 | g)", "family": "bernoulli", "rows": len(frame), "groups": [len(starts) - 1], "scale": scale}
    return Case(Parameters(pairs), np.array([-1.0, 0.5, 0.25, -0.2]), log_likelihood, info)


def main(folder, names):
    for name in names:
        case = build(Path(folder) / f"{name}.csv")
        finer = build(Path(folder) / f"{name}.csv", step=0.2)
        truth = np.array([-1.0, 0.5, 0.25, 0.8])
        print(f"log likelihood, and with half the step: {case.log_likelihood(truth):.9f} {finer.log_likelihood(truth):.9f}", flush=True)
        posterior, _, ess = posterior_of(case, seed=1, count=512, rounds=(256, 256))
        method = f"exact integration of the groups' effects, importance sampling of the other parameters, ESS {ess:.0f} of 1024"
        result = {"name": name, **case.info, "method": method, "posterior": posterior}
        (REFERENCES / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        print(name, {k: (round(v["mean"], 5), round(v["sd"], 5)) for k, v in posterior.items()}, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
