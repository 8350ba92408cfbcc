"""Steps of SGLD a second on a logistic regression, one script for each package: `python steps_PACKAGE.py [--steps N] [--repeats R]`.

N = 100,000 rows, D = 10 columns, S = 10 rows a step, drawn with replacement, a normal(0, 1) prior, a constant rate. What is
timed is the package's own loop, compiled where it compiles, after a first call that is counted as compilation.
"""

import argparse
import json
import time

import numpy as np

ROWS, COLUMNS, BATCH, RATE = 100_000, 10, 10, 1e-5


def read_arguments(steps):
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def table():
    random = np.random.default_rng(1)
    x = random.uniform(-1, 1, (ROWS, COLUMNS)).astype(np.float32)
    truth = 0.2 * (np.arange(COLUMNS) - (COLUMNS - 1) / 2)
    y = (random.uniform(size=ROWS) < 1 / (1 + np.exp(-x @ truth))).astype(np.float32)
    return x, y


def measure(version, steps, repeats, run):
    """`run(repeat)` makes the steps and returns the last position once it is computed."""
    started = time.perf_counter()
    run(0)
    first = time.perf_counter() - started
    seconds = []
    for repeat in range(repeats):
        started = time.perf_counter()
        last = np.asarray(run(repeat + 1))
        seconds.append(time.perf_counter() - started)
    middle = float(np.median(seconds))
    if not np.isfinite(last).all():
        raise SystemExit("the chain diverged")
    print(json.dumps({
        "version": version, "run": middle, "compile": max(0.0, first - middle), "steps": steps, "perSecond": steps / middle,
    }))
