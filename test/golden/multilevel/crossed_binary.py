"""Reference posterior of crossed-schools-binary.csv: effects of crossed factors have no integral over single groups.

NUTS in NumPyro, float64, four chains of 2,500 draws; centred effects, since every school has many rows.

    python crossed_binary.py             # writes references/crossed-schools-binary.json
"""

import json

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

FACTORS = ("primary", "secondary")


def main():
    frame = read("crossed-schools-binary")
    names, x, scale = standardised(frame, ["verbal", "sex"])
    levels, codes = zip(*(np.unique(frame[f].astype(str), return_inverse=True) for f in FACTORS))
    y = target_of(frame, "passed", "yes")

    def model():
        beta = numpyro.sample("beta", dist.Normal(0, fixed_scales(len(names))))
        eta = jnp.asarray(x) @ beta
        for factor, labels, code in zip(FACTORS, levels, codes):
            # Half of a Student t law on (0, inf).
            tau = numpyro.sample(f"tau_{factor}", dist.FoldedDistribution(dist.StudentT(3, 0, 2.5)))
            eta = eta + numpyro.sample(f"b_{factor}", dist.Normal(0, tau).expand([len(labels)]))[code]
        numpyro.sample("y", dist.Bernoulli(logits=eta), obs=jnp.asarray(y))

    sampler = MCMC(NUTS(model, target_accept_prob=0.85), num_warmup=1000, num_samples=2500, num_chains=4, chain_method="sequential", progress_bar=False)
    sampler.run(jax.random.PRNGKey(1), extra_fields=("diverging",))
    draws = sampler.get_samples(group_by_chain=True)
    columns = {name: draws["beta"][..., k] for k, name in enumerate(names)}
    columns |= {f"sd({factor})[Intercept]": draws[f"tau_{factor}"] for factor in FACTORS}
    posterior = {}
    for name, values in columns.items():
        values = np.asarray(values)
        q3, median, q97 = np.quantile(values, [0.03, 0.5, 0.97])
        posterior[name] = {
            "mean": float(values.mean()), "sd": float(values.std()), "q3": float(q3), "median": float(median), "q97": float(q97),
            "ess": float(effective_sample_size(values)), "rhat": float(split_gelman_rubin(values)),
        }
        print(f"{name:30s}", {k: round(v, 4) for k, v in posterior[name].items()}, flush=True)
    effects = {
        f"{factor}[{label}]:Intercept": {"mean": float(draws[f"b_{factor}"][..., k].mean()), "sd": float(draws[f"b_{factor}"][..., k].std())}
        for factor, labels in zip(FACTORS, levels) for k, label in enumerate(labels)
    }
    result = {
        "name": "crossed-schools-binary", "formula": "passed == 'yes' ~ verbal + sex + (1 | primary) + (1 | secondary)", "family": "bernoulli",
        "groups": [len(labels) for labels in levels], "scale": {"target_mean": 0.0, "target_sd": 1.0, **scale},
        "method": "NUTS, 4 chains of 2500 draws", "divergences": int(np.sum(sampler.get_extra_fields()["diverging"])),
        "posterior": posterior, "effects": effects,
    }
    (REFERENCES / "crossed-schools-binary.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
