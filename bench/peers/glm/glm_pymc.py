"""PyMC, sampled by nutpie, with nutpie's own defaults for the warm-up."""

import time

import nutpie
import numpy as np
import pymc

from glm_peer import answer, read_arguments

options, x, y, prior_sds = read_arguments()
with pymc.Model() as model:
    rows, targets = pymc.Data("x", x.astype(float)), pymc.Data("targets", y.astype(np.int8))
    weights = pymc.Normal("weights", 0, prior_sds, shape=len(prior_sds))
    pymc.Bernoulli("y", logit_p=rows @ weights, observed=targets)
started = time.perf_counter()
compiled = nutpie.compile_pymc_model(model)
compiling = time.perf_counter() - started
trace = nutpie.sample(compiled, draws=options.draws, chains=4, seed=options.seed, progress_bar=False)
spent = {"run": time.perf_counter() - started - compiling, "compile": compiling}
steps = float(trace.sample_stats["n_steps"].mean())
answer(f"{pymc.__version__}, nutpie {nutpie.__version__}", trace.posterior["weights"].values, spent, leapfrogSteps=steps)
