"""SGMCMCJax's sgld, whose sampler is a compiled scan."""

from importlib.metadata import version

import jax
import jax.numpy as jnp
from sgmcmcjax.samplers import build_sgld_sampler

from steps import BATCH, COLUMNS, RATE, measure, read_arguments, table

options = read_arguments(100_000)
x, y = map(jnp.asarray, table())


def log_prior(position):
    return -0.5 * jnp.sum(position**2)


def log_likelihood(position, features, target):
    logit = features @ position
    return target * logit - jax.nn.softplus(logit)


# Its rate is that of the update θ + dt ∇ log p + √(2 dt) z.
sampler = build_sgld_sampler(RATE / 2, log_likelihood, log_prior, (x, y), BATCH, pbar=False)
start = jnp.zeros(COLUMNS)
measure(
    version("sgmcmcjax"), options.steps, options.repeats,
    lambda repeat: jax.block_until_ready(sampler(jax.random.PRNGKey(repeat), options.steps, start))[-1],
)
