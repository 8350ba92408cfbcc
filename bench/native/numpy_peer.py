"""numpy with OpenBLAS on one thread, for run.mjs: a line asks, a line answers, in nanoseconds that the process had the core.

softmax <rows> <columns> <classes> <batch> <steps>   a chain of minibatch SGD, per row
product|cholesky|inverse|eigen <size>           dense linear algebra
"""

import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402  (after the number of threads)

random = np.random.default_rng(1)
cache = {}


def softmax(rows, columns, classes, batch, steps):
    key = (rows, columns, classes)
    if key not in cache:
        x = random.uniform(-1, 1, (rows, columns)).astype(np.float32)
        cache[key] = x, random.integers(0, classes, rows)
    x, y = cache[key]
    weights = np.zeros((columns, classes))
    each = np.arange(batch)
    start = time.process_time_ns()
    for _ in range(steps):
        chosen = random.integers(0, rows, batch)
        batch_rows = x[chosen]
        scores = batch_rows @ weights.astype(np.float32)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        scores[each, y[chosen]] -= 1
        weights -= 1e-3 / batch / columns * (batch_rows.T @ scores)
    return (time.process_time_ns() - start) / (steps * batch)


def dense(what, size):
    if size not in cache:
        b = random.standard_normal((size, size))
        cache[size] = b @ b.T + size * np.eye(size), b
    a, b = cache[size]
    start = time.process_time_ns()
    if what == "product":
        a @ b
    elif what == "cholesky":
        np.linalg.cholesky(a)
    elif what == "inverse":
        np.linalg.inv(a)
    else:
        np.linalg.eigh(a)
    return time.process_time_ns() - start


for line in sys.stdin:
    what, *numbers = line.split()
    answer = softmax(*map(int, numbers)) if what == "softmax" else dense(what, int(numbers[0]))
    print(answer, flush=True)
