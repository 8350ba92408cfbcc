"""BlackJAX's sgld in a compiled scan."""

import blackjax
import jax
import jax.numpy as jnp

from steps import BATCH, COLUMNS, RATE, ROWS, measure, read_arguments, table

options = read_arguments(300_000)
x, y = map(jnp.asarray, table())


def log_prior(position):
    return -0.5 * jnp.sum(position**2)


def log_likelihood(position, row):
    features, target = row
    logit = features @ position
    return target * logit - jax.nn.softplus(logit)


sgld = blackjax.sgld(blackjax.sgmcmc.gradients.grad_estimator(log_prior, log_likelihood, ROWS))


@jax.jit
def chain(key, position, x, y):
    def step(position, key):
        batch_key, step_key = jax.random.split(key)
        rows = jax.random.randint(batch_key, (BATCH,), 0, ROWS)
        return sgld.step(step_key, position, (x[rows], y[rows]), RATE), None

    return jax.lax.scan(step, position, jax.random.split(key, options.steps))[0]


start = jnp.zeros(COLUMNS)
measure(
    blackjax.__version__, options.steps, options.repeats,
    lambda repeat: jax.block_until_ready(chain(jax.random.PRNGKey(repeat), start, x, y)),
)
