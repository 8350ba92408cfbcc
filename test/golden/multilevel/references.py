"""Reference posteriors of data/*.csv by exact integration of the groups' effects and importance sampling of the rest.

    python references.py                 # all of them
    python references.py small-groups    # one; writes references/small-groups.json

Where the random effects are crossed and the rows are not gaussian, see crossed.py (NUTS).
"""

import json
import sys
from pathlib import Path

import numpy as np

from cases import build
from importance import sample, scrambles_apart, summary

# Draws of each of two scrambles; fewer where a point costs more.
COUNTS = {"immunisation": 4096, "pupils": 2048, "slopes-binary": 4096}
REFERENCES = Path(__file__).parent / "references"
NAMES = [
    "counts", "overdispersed-counts", "small-groups", "heavy-tails", "three-classes", "slopes-binary",
    "slopes-few-groups", "crossed-schools", "pupils", "immunisation",
]


def posterior_of(case, seed, count=8192, rounds=(1024, 1024, 2048)):
    rng = np.random.default_rng(seed)

    def log_posterior(free):
        values = case.parameters.values(free)
        with np.errstate(all="ignore"):
            total = case.parameters.log_prior(free, values) + case.log_likelihood(values)
        return total if np.isfinite(total) else -1e300

    draws, weights = sample(rng, log_posterior, case.start, rounds=rounds, count=count)
    values = np.array([case.parameters.values(d) for d in draws])
    apart = np.array([scrambles_apart(column, weights) for column in values.T])
    print("  scrambles differ by at most", np.abs(apart).max(0).round(4), "(means in sds, sds relative)", flush=True)
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
        # An eighth of the draws: the effects' moments given the other parameters are exact, and vary little with them.
        kept = kept[::8]
        means = sum(weights[k] * case.moments(values[k]) for k in kept) / weights[kept].sum()
        effects = {name: {"mean": float(m), "sd": float(np.sqrt(s - m * m))} for name, (m, s) in zip(case.further, means)}
    ess = 1 / (weights**2).sum()
    return posterior, effects, ess


def main(names):
    REFERENCES.mkdir(exist_ok=True)
    for name in names or NAMES:
        print(name, flush=True)
        case = build(name)
        posterior, effects, ess = posterior_of(case, seed=1, count=COUNTS.get(name, 8192))
        result = {
            "name": name, **case.info,
            "method": f"exact integration of the groups' effects, importance sampling of the other parameters, ESS {ess:.0f} of {2 * COUNTS.get(name, 8192)}",
            "posterior": posterior,
        }
        if effects:
            result["effects"] = effects
        (REFERENCES / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        for key, s in posterior.items():
            print(f"  {key:40s} {s['mean']:9.4f} {s['sd']:8.4f}  ess {s['ess']:.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
