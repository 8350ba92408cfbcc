"""A scan in JAX with the gradient written out, which no package stands between."""

import jax
import jax.numpy as jnp

from steps import BATCH, COLUMNS, RATE, ROWS, measure, read_arguments, table

options = read_arguments(300_000)
x, y = map(jnp.asarray, table())


@jax.jit
def chain(key, position, x, y):
    def step(carry, _):
        position, key = carry
        key, batch_key, noise_key = jax.random.split(key, 3)
        rows = jax.random.randint(batch_key, (BATCH,), 0, ROWS)
        batch = x[rows]
        gradient = ROWS / BATCH * (jax.nn.sigmoid(batch @ position) - y[rows]) @ batch + position
        noise = jax.random.normal(noise_key, (COLUMNS,))
        return (position - 0.5 * RATE * gradient + RATE**0.5 * noise, key), None

    return jax.lax.scan(step, (position, key), None, length=options.steps)[0][0]


start = jnp.zeros(COLUMNS)
measure(
    jax.__version__, options.steps, options.repeats,
    lambda repeat: jax.block_until_ready(chain(jax.random.PRNGKey(repeat), start, x, y)),
)
