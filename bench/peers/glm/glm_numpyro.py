"""NumPyro: `nuts`, `nuts-float64` (four chains in parallel on the devices that the host is divided into), and `svi`."""

import numpyro

from glm_peer import Clock, answer, read_arguments

CHAINS = 4
# Before JAX starts: its chains in parallel need a device each.
numpyro.set_host_device_count(CHAINS)
options, x, y, prior_sds = read_arguments()
if options.method.endswith("float64"):
    numpyro.enable_x64()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpyro.distributions as dist  # noqa: E402
from numpyro.infer import MCMC, NUTS, SVI, Trace_ELBO  # noqa: E402
from numpyro.infer.autoguide import AutoMultivariateNormal  # noqa: E402
import optax  # noqa: E402

key = jax.random.PRNGKey(options.seed)
x, y, sds = jnp.asarray(x, float), jnp.asarray(y, float), jnp.asarray(prior_sds, float)
# Beyond these rows SVI takes minibatches, as its documentation advises for large data.
batch = 1000 if len(y) > 10_000 else None


def model(x, y):
    weights = numpyro.sample("weights", dist.Normal(0, sds).to_event(1))
    with numpyro.plate("rows", x.shape[0], subsample_size=batch if options.method == "svi" else None) as rows:
        subsampled = options.method == "svi" and batch is not None
        numpyro.sample("y", dist.Bernoulli(logits=(x[rows] if subsampled else x) @ weights), obs=y[rows] if subsampled else y)


def nuts():
    sampler = MCMC(
        NUTS(model), num_warmup=options.warmup, num_samples=options.draws, num_chains=CHAINS, chain_method="parallel",
        progress_bar=False,
    )
    sampler.run(key, x, y, extra_fields=("num_steps",))
    draws = jax.block_until_ready(sampler.get_samples(group_by_chain=True)["weights"])
    return draws, {"leapfrogSteps": float(sampler.get_extra_fields()["num_steps"].mean())}


def svi():
    steps = 10_000 if batch is None else 20_000
    guide = AutoMultivariateNormal(model)
    # A rate that falls, as with a constant one the last iterate keeps the noise of the batches.
    schedule = numpyro.optim.optax_to_numpyro(
        optax.adam(optax.exponential_decay(0.02, steps, 0.01))
    )
    result = SVI(model, guide, schedule, Trace_ELBO()).run(key, steps, x, y, progress_bar=False)
    return jax.block_until_ready(guide.sample_posterior(key, result.params, sample_shape=(4000,))["weights"]), {"steps": steps}


clock = Clock().watch_jax()
draws, more = svi() if options.method == "svi" else nuts()
answer(numpyro.__version__, draws, clock.spent(), **more)
