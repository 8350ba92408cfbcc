"""Reference posteriors of data/*.csv by exact integration of the groups' effects and importance sampling of the rest.

    python references.py                 # all of them
    python references.py small-groups    # one; writes references/small-groups.json

Where the random effects are crossed and the rows are not gaussian, see crossed_binary.py (NUTS).
"""

import json
import sys
from pathlib import Path

import numpy as np

from cases import build
from importance import sample, summary

# Where a point costs more, 6,000 draws do: their effective number is still above 2,500.
COUNTS = {"immunisation": 6000, "pupils": 6000, "slopes-binary": 6000, "three-classes": 6000}
REFERENCES = Path(__file__).parent / "references"
NAMES = [
    "counts", "overdispersed-counts", "small-groups", "heavy-tails", "three-classes", "slopes-binary",
    "slopes-few-groups", "crossed-schools", "pupils", "immunisation",
]


def posterior_of(case, seed, count=12_000, rounds=(1000, 2000)):
    rng = np.random.default_rng(seed)

    def log_posterior(free):
        values = case.parameters.values(free)
        with np.errstate(all="ignore"):
            total = case.parameters.log_prior(free, values) + case.log_likelihood(values)
        return total if np.isfinite(total) else -1e300

    draws, weights = sample(rng, log_posterior, case.start, rounds=rounds, count=count)
    values = np.array([case.parameters.values(d) for d in draws])
    posterior = {name: summary(values[:, k], weights) for k, name in enumerate(case.parameters.names)}
    effects = {}
    kept = np.flatnonzero(weights > 1e-9)
    if case.draw is not None:
        extra = np.array([case.draw(rng, values[k]) for k in kept])
        summaries = {name: summary(extra[:, k], weights[kept] / weights[kept].sum()) for k, name in enumerate(case.further)}
        fixed = [name for name in case.further if "[" not in name or name in case.info["scale"]["mean"]]
        posterior = {**{name: summaries.pop(name) for name in fixed}, **posterior}
        effects = {name: {"mean": s["mean"], "sd": s["sd"]} for name, s in summaries.items()}
    if case.moments is not None:
        means = sum(weights[k] * case.moments(values[k]) for k in kept) / weights[kept].sum()
        effects = {name: {"mean": float(m), "sd": float(np.sqrt(s - m * m))} for name, (m, s) in zip(case.further, means)}
    ess = 1 / (weights**2).sum()
    return posterior, effects, ess


def main(names):
    REFERENCES.mkdir(exist_ok=True)
    for name in names or NAMES:
        print(name, flush=True)
        case = build(name)
        posterior, effects, ess = posterior_of(case, seed=1, count=COUNTS.get(name, 12_000))
        result = {
            "name": name, **case.info,
            "method": f"exact integration of the groups' effects, importance sampling of the other parameters, ESS {ess:.0f} of {COUNTS.get(name, 12_000)}",
            "posterior": posterior,
        }
        if effects:
            result["effects"] = effects
        (REFERENCES / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        for key, s in posterior.items():
            print(f"  {key:40s} {s['mean']:9.4f} {s['sd']:8.4f}  ess {s['ess']:.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
