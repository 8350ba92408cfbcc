"""Leave-one-out cross-validation by ArviZ: of draws of some models and the log densities that numpy and scipy compute with them, az.loo
and az.compare. What is written are the data, the draws, and what ArviZ makes of them.

    python3 -m venv venv && venv/bin/pip install -r test/slow/python/arviz-requirements.txt
    venv/bin/python test/golden/loo.py > test/golden/loo.json
"""
import json
import warnings

import arviz as az
import numpy as np
from scipy import stats

warnings.filterwarnings("ignore")
random = np.random.default_rng(20261127)
rows, chains, draws = 40, 4, 120
x = random.normal(0, 1, rows).round(3)
z = random.normal(0, 1, rows).round(3)
eta = 0.4 + 0.8 * x
y = (eta + random.normal(0, 1, rows)).round(3)
# Rows that the others do not predict.
y[[3, 17]] = [7.5, -6.0]
count = random.poisson(np.exp(eta))
count[5] = 25
late = (random.uniform(size=rows) < 1 / (1 + np.exp(-eta))).astype(int)
trials = random.integers(1, 9, rows)
wins = random.binomial(trials, 1 / (1 + np.exp(-eta)))
data = {"x": x, "z": z, "y": y, "count": count, "late": late, "trials": trials, "wins": wins}


def chain_draws(mean, sd):
    """Autoregressive draws, so that they are worth fewer than they are."""
    noise = random.normal(size=(chains, draws))
    values = np.empty((chains, draws))
    values[:, 0] = noise[:, 0]
    for s in range(1, draws):
        values[:, s] = 0.5 * values[:, s - 1] + np.sqrt(0.75) * noise[:, s]
    return (mean + sd * values).round(6)


designs = {"1 + x": {"x": x, "Intercept": np.ones(rows)}, "1 + x + z": {"x": x, "z": z, "Intercept": np.ones(rows)}}
means = {"x": 0.8, "z": 0.05, "Intercept": 0.4}
families = {
    "gaussian": ("y", {"sigma": (1.4, 0.15)}, lambda eta, own: stats.norm.logpdf(y, eta, own["sigma"])),
    "student-t": ("y", {"sigma": (1.0, 0.12), "nu": (4.0, 0.5)}, lambda eta, own: stats.t.logpdf(y, own["nu"], eta, own["sigma"])),
    "bernoulli": ("late", {}, lambda eta, own: stats.bernoulli.logpmf(late, 1 / (1 + np.exp(-eta)))),
    "binomial": ("wins | trials(trials)", {}, lambda eta, own: stats.binom.logpmf(wins, trials, 1 / (1 + np.exp(-eta)))),
    "poisson": ("count", {}, lambda eta, own: stats.poisson.logpmf(count, np.exp(eta))),
}
fits = []
for family, (target, auxiliaries, log_density) in families.items():
    results = {}
    for terms, design in designs.items():
        parameters = {name: chain_draws(means[name], 0.25) for name in design}
        parameters |= {name: chain_draws(*law) for name, law in auxiliaries.items()}
        log_likelihood = np.empty((chains, draws, rows))
        for c in range(chains):
            for s in range(draws):
                own = {name: values[c, s] for name, values in parameters.items()}
                log_likelihood[c, s] = log_density(sum(own[name] * column for name, column in design.items()), own)
        fit = az.from_dict(posterior=parameters, log_likelihood={"target": log_likelihood})
        results[terms] = loo = az.loo(fit, pointwise=True)
        fits.append(
            {
                "family": family,
                "formula": f"{target} ~ {terms}",
                "draws": {name: values.tolist() for name, values in parameters.items()},
                "loo": {name: float(loo[name]) for name in ["elpd_loo", "se", "p_loo", "n_samples", "n_data_points", "good_k"]}
                | {"warning": bool(loo.warning), "loo_i": loo.loo_i.values.tolist(), "pareto_k": loo.pareto_k.values.tolist()},
            }
        )
    table = az.compare(results)
    for own in fits[-2:]:
        terms = own["formula"].split(" ~ ")[1]
        own["compare"] = {
            name: float(table.loc[terms, name]) for name in ["rank", "elpd_loo", "p_loo", "elpd_diff", "weight", "se", "dse"]
        }

# Draws of a Cauchy law, of which the largest weights have shapes of all kinds.
smoothing = [{"log_densities": own.round(8).tolist(), "r_eff": r_eff} for own, r_eff in [
    (-np.abs(random.standard_cauchy(500)), 1.0),
    (-0.3 * random.exponential(size=1000), 0.4),
    (-2.5 * random.exponential(size=800), 1.3),
    (-random.uniform(size=100), 0.9),
    (np.repeat([-1.0, -2.0], [297, 3]), 1.0),
]]
for own in smoothing:
    log = np.array(own["log_densities"])
    weights, k = az.psislw(-log[None, :], own["r_eff"])
    own["k"] = float(k[0]) if np.isfinite(k[0]) else None
    own["log_density"] = float(np.logaddexp.reduce(weights[0] + log))
print(json.dumps({"data": {name: own.tolist() for name, own in data.items()}, "fits": fits, "smoothing": smoothing}))
