"""BlackJAX: NUTS after window adaptation, four chains mapped over the devices that the host is divided into, as its guide does."""

import os

CHAINS = 4
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={CHAINS}"

import time  # noqa: E402

import blackjax  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

from glm_peer import answer, read_arguments  # noqa: E402

options, x, y, prior_sds = read_arguments()
if options.method.endswith("float64"):
    jax.config.update("jax_enable_x64", True)
x, y, sds = jnp.asarray(x, float), jnp.asarray(y, float), jnp.asarray(prior_sds, float)


def logdensity(weights, x, y):
    logits = x @ weights
    return jnp.sum(y * logits - jax.nn.softplus(logits)) - 0.5 * jnp.sum((weights / sds) ** 2)


def chain(key, x, y):
    target = lambda weights: logdensity(weights, x, y)  # noqa: E731
    start_key, warmup_key, sample_key = jax.random.split(key, 3)
    warmup = blackjax.window_adaptation(blackjax.nuts, target)
    start = jax.random.uniform(start_key, sds.shape, sds.dtype, -2, 2)
    (state, parameters), _ = warmup.run(warmup_key, start, num_steps=options.warmup)
    kernel = blackjax.nuts(target, **parameters).step

    def step(state, key):
        state, info = kernel(key, state)
        return state, (state.position, info.num_integration_steps)

    return jax.lax.scan(step, state, jax.random.split(sample_key, options.draws))[1]


keys = jax.random.split(jax.random.PRNGKey(options.seed), CHAINS)
started = time.perf_counter()
compiled = jax.pmap(chain, in_axes=(0, None, None)).lower(keys, x, y).compile()
compiling = time.perf_counter() - started
draws, steps = jax.block_until_ready(compiled(keys, x, y))
spent = {"run": time.perf_counter() - started - compiling, "compile": compiling}
answer(blackjax.__version__, draws, spent, leapfrogSteps=float(steps.mean()))
