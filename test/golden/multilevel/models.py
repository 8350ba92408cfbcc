"""Tables as standardised designs, and parameters with their priors: what all references share."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"
# Sds of the normal priors of coefficients and of the intercept of the centred design, on the standardised scale.
FIXED_SCALE, INTERCEPT_SCALE = 2.5, 10.0


def standardised(frame, predictors):
    """Names, columns (n, 1 + p) with the intercept first, and the columns' means and sds. Text is coded by indicators."""
    names, columns = ["Intercept"], [np.ones(len(frame))]
    scale = {"mean": {}, "sd": {}}
    for predictor in predictors:
        if pd.api.types.is_numeric_dtype(frame[predictor]):
            coded = {predictor: frame[predictor].to_numpy(float)}
        else:
            levels = sorted(frame[predictor].unique())[1:]
            coded = {f"{predictor}[{level}]": (frame[predictor] == level).to_numpy(float) for level in levels}
        for name, values in coded.items():
            names.append(name)
            columns.append((values - values.mean()) / values.std())
            scale["mean"][name], scale["sd"][name] = float(values.mean()), float(values.std())
    return names, np.stack(columns, axis=1), scale


def grouped(frame, by):
    """The rows sorted by group, the groups' first rows (J + 1), and their labels."""
    key = frame[by].astype(str)
    ordered = frame.assign(_sort=key).sort_values("_sort", kind="stable").drop(columns="_sort").reset_index(drop=True)
    labels, first = np.unique(ordered[by].astype(str), return_index=True)
    return ordered, np.append(first, len(frame)), [str(label) for label in labels]


def log_half_student(tau, nu=3.0, scale=2.5):
    return -0.5 * (nu + 1) * math.log1p((tau / scale) ** 2 / nu)


def constrained(kind, value):
    if kind in ("coefficient", "intercept"):
        return value
    return np.tanh(value) if kind == "cor" else np.exp(value)


def log_prior(kind, free, value):
    """Log prior of a parameter on its free scale (log or atanh), with the Jacobian, up to a constant."""
    if kind == "coefficient":
        return -0.5 * (value / FIXED_SCALE) ** 2
    if kind == "intercept":
        return -0.5 * (value / INTERCEPT_SCALE) ** 2
    if kind == "cor":  # LKJ(1): uniform
        return math.log(4) - 2 * abs(free) - 2 * math.log1p(math.exp(-2 * abs(free)))
    if kind == "tau":
        return log_half_student(value) + free
    if kind in ("sigma", "dispersion"):  # exponential(1)
        return -value + free
    if kind == "nu":  # gamma(2, 0.1)
        return 2 * free - 0.1 * value
    raise ValueError(kind)


def fixed_scales(count):
    """Prior sds of the intercept and the count - 1 coefficients after it."""
    return np.array([INTERCEPT_SCALE, *[FIXED_SCALE] * (count - 1)])


class Parameters:
    """Named parameters with their kinds; on the free scale for the sampler."""

    def __init__(self, pairs):
        self.names = [name for name, _ in pairs]
        self.kinds = [kind for _, kind in pairs]

    def values(self, free):
        return np.array([constrained(kind, f) for kind, f in zip(self.kinds, free)])

    def log_prior(self, free, values):
        return sum(log_prior(kind, f, v) for kind, f, v in zip(self.kinds, free, values))


def factor_of(first, second, correlation):
    """L of two effects."""
    return np.array([[first, 0.0], [second * correlation, second * math.sqrt(1 - correlation**2)]])
