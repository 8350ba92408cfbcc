"""Reference posteriors of tables whose factors are crossed and whose rows are not gaussian: there is no integral over single groups.

NUTS in NumPyro, float64, four chains of 2,500 draws; centred effects, since every level has many rows.

    python crossed.py                         # all of them
    python crossed.py crossed-heavy-tails     # one; writes references/crossed-heavy-tails.json
"""

import json
import sys

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import numpyro  # noqa: E402
import numpyro.distributions as dist  # noqa: E402
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin  # noqa: E402
from numpyro.infer import MCMC, NUTS  # noqa: E402

from cases import read, target_of  # noqa: E402
from models import fixed_scales, standardised  # noqa: E402
from references import REFERENCES  # noqa: E402


def bernoulli(eta, y):
    numpyro.sample("y", dist.Bernoulli(logits=eta), obs=y)


def student_t(eta, y):
    sigma = numpyro.sample("sigma", dist.Exponential(1.0))
    nu = numpyro.sample("nu", dist.Gamma(2.0, 0.1))
    numpyro.sample("y", dist.StudentT(nu, eta, sigma), obs=y)


def negative_binomial(eta, y):
    dispersion = numpyro.sample("dispersion", dist.Exponential(1.0))
    numpyro.sample("y", dist.NegativeBinomial2(jnp.exp(eta), 1 / dispersion), obs=y)


CASES = {
    "crossed-schools-binary": {
        "formula": "passed == 'yes' ~ verbal + sex + (1 | primary) + (1 | secondary)", "family": "bernoulli", "rows": bernoulli,
        "target": ("passed", "yes"), "predictors": ["verbal", "sex"], "factors": ("primary", "secondary"), "auxiliaries": (),
    },
    "crossed-heavy-tails": {
        "formula": "y ~ x + (1 | rater) + (1 | sample)", "family": "student-t", "rows": student_t,
        "target": ("y",), "predictors": ["x"], "factors": ("rater", "sample"), "auxiliaries": ("sigma", "nu"),
    },
    "crossed-counts": {
        "formula": "count ~ x + offset(log(hours)) + (1 | site) + (1 | season)", "family": "negative-binomial", "rows": negative_binomial,
        "target": ("count",), "predictors": ["x"], "factors": ("site", "season"), "auxiliaries": ("dispersion",), "exposure": "hours",
    },
}


def main(name):
    case = CASES[name]
    factors = case["factors"]
    frame = read(name)
    names, x, scale = standardised(frame, case["predictors"])
    levels, codes = zip(*(np.unique(frame[f].astype(str), return_inverse=True) for f in factors))
    y = target_of(frame, *case["target"])
    centre, spread = (y.mean(), y.std()) if "sigma" in case["auxiliaries"] else (0.0, 1.0)
    y = (y - centre) / spread
    offset = np.log(frame[case["exposure"]].to_numpy(float)) if "exposure" in case else np.zeros(len(y))

    def model():
        beta = numpyro.sample("beta", dist.Normal(0, fixed_scales(len(names))))
        eta = jnp.asarray(x) @ beta + jnp.asarray(offset)
        for factor, labels, code in zip(factors, levels, codes):
            # Half of a Student t law on (0, inf).
            tau = numpyro.sample(f"tau_{factor}", dist.FoldedDistribution(dist.StudentT(3, 0, 2.5)))
            eta = eta + numpyro.sample(f"b_{factor}", dist.Normal(0, tau).expand([len(labels)]))[code]
        case["rows"](eta, jnp.asarray(y))

    sampler = MCMC(NUTS(model, target_accept_prob=0.85), num_warmup=1000, num_samples=2500, num_chains=4, chain_method="sequential", progress_bar=False)
    sampler.run(jax.random.PRNGKey(1), extra_fields=("diverging",))
    draws = sampler.get_samples(group_by_chain=True)
    columns = {label: draws["beta"][..., k] for k, label in enumerate(names)}
    columns |= {f"sd({factor})[Intercept]": draws[f"tau_{factor}"] for factor in factors}
    columns |= {auxiliary: draws[auxiliary] for auxiliary in case["auxiliaries"]}
    posterior = {}
    for label, values in columns.items():
        values = np.asarray(values)
        q3, median, q97 = np.quantile(values, [0.03, 0.5, 0.97])
        posterior[label] = {
            "mean": float(values.mean()), "sd": float(values.std()), "q3": float(q3), "median": float(median), "q97": float(q97),
            "ess": float(effective_sample_size(values)), "rhat": float(split_gelman_rubin(values)),
        }
        print(f"{label:30s}", {k: round(v, 4) for k, v in posterior[label].items()}, flush=True)
    effects = {
        f"{factor}[{label}]:Intercept": {"mean": float(draws[f"b_{factor}"][..., k].mean()), "sd": float(draws[f"b_{factor}"][..., k].std())}
        for factor, labels in zip(factors, levels) for k, label in enumerate(labels)
    }
    result = {
        "name": name, "formula": case["formula"], "family": case["family"],
        "groups": [len(labels) for labels in levels], "scale": {"target_mean": float(centre), "target_sd": float(spread), **scale},
        "method": "NUTS, 4 chains of 2500 draws", "divergences": int(np.sum(sampler.get_extra_fields()["diverging"])),
        "posterior": posterior, "effects": effects,
    }
    (REFERENCES / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    for each in sys.argv[1:] or CASES:
        print(each, flush=True)
        main(each)
