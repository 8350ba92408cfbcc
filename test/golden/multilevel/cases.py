"""The models of the references: for each its parameters, where to start, and log p(y | parameters)."""

from dataclasses import dataclass, field
from typing import Callable

import numpy as np
import pandas as pd

import integrals as I
from models import DATA, Parameters, factor_of, fixed_scales, grouped, standardised


@dataclass
class Case:
    parameters: Parameters
    start: np.ndarray
    log_likelihood: Callable  # of the parameters' values
    info: dict
    # What else is reported: of a point (and a generator) mean and variance, or a draw, of further quantities by name.
    moments: Callable | None = None
    draw: Callable | None = None
    further: list = field(default_factory=list)


def coefficients(names):
    return [(name, "intercept" if name == "Intercept" else "coefficient") for name in names]


def target_of(frame, column, event=None):
    return (frame[column] == event).to_numpy(float) if event is not None else frame[column].to_numpy(float)


def random_intercepts(frame, *, formula, family, y, predictors, by, trials=None, offset=None, auxiliaries=(), step=0.1, centre=0.0, spread=1.0):
    """(1 | by) with any family of one linear predictor."""
    frame, starts, labels = grouped(frame.assign(_y=y, _trials=1.0 if trials is None else trials, _offset=0.0 if offset is None else offset), by)
    names, x, scale = standardised(frame, predictors)
    target = (frame["_y"].to_numpy(float) - centre) / spread
    size, shift = frame["_trials"].to_numpy(float), frame["_offset"].to_numpy(float)
    code = {"bernoulli": I.BERNOULLI, "binomial": I.BINOMIAL, "poisson": I.POISSON, "negative-binomial": I.NEGATIVE_BINOMIAL, "student-t": I.STUDENT_T}[family]
    p = len(names)
    nodes, log_weights = I.axis(step)
    moments = np.empty((len(labels), 2))

    def log_likelihood(values):
        if family == "bernoulli":
            return I.one_effect_bernoulli(x @ values[:p] + shift, 2 * target - 1, starts, values[p], nodes, log_weights, moments)
        return I.one_effect(code, x @ values[:p] + shift, target, size, starts, values[p], values[p + 1 :], nodes, log_weights, moments)

    def effects(values):
        log_likelihood(values)
        return moments.copy()

    parameters = Parameters([*coefficients(names), (f"sd({by})[Intercept]", "tau"), *[(a, a) for a in auxiliaries]])
    start = np.concatenate([np.zeros(p), [-0.3], [{"sigma": -0.5, "nu": 1.5, "dispersion": -0.5}[a] for a in auxiliaries]])
    info = {"formula": formula, "family": family, "groups": [len(labels)], "scale": {"target_mean": centre, "target_sd": spread, **scale}}
    return Case(parameters, start, log_likelihood, info, moments=effects, further=[f"{by}[{label}]" for label in labels])


def slopes_binary(frame, *, formula, y, predictors, by, slope, step=0.2):
    """(1 + slope | by), bernoulli; the slope's column is standardised as among the fixed effects."""
    frame, starts, labels = grouped(frame.assign(_y=y), by)
    names, x, scale = standardised(frame, predictors)
    p, sign = len(names), 2 * frame["_y"].to_numpy(float) - 1
    z = np.ascontiguousarray(x[:, names.index(slope)])
    nodes, log_weights = I.axis(step)

    def log_likelihood(values):
        return I.two_effects_bernoulli(x @ values[:p], sign, z, starts, factor_of(*values[p:]), nodes, log_weights)

    pairs = [*coefficients(names), (f"sd({by})[Intercept]", "tau"), (f"sd({by})[{slope}]", "tau"), (f"cor({by})[Intercept,{slope}]", "cor")]
    info = {"formula": formula, "family": "bernoulli", "groups": [len(labels)], "scale": {"target_mean": 0.0, "target_sd": 1.0, **scale}}
    return Case(Parameters(pairs), np.concatenate([np.zeros(p), [-0.3, -0.7, 0.0]]), log_likelihood, info)


def categorical(frame, *, formula, target, predictors, by, step=0.35):
    """Three classes, the first in sorted order as reference; the others' random intercepts are independent."""
    frame, starts, labels = grouped(frame, by)
    names, x, scale = standardised(frame, predictors)
    classes = sorted(frame[target].unique())
    y, p = frame[target].map(classes.index).to_numpy(int), len(names)
    nodes, log_weights = I.axis(step)

    def log_likelihood(values):
        fixed = np.stack([x @ values[:p], x @ values[p : 2 * p]], axis=1)
        return I.three_classes(fixed, y, starts, values[2 * p :], nodes, log_weights)

    pairs = [(f"{target}[{c}]:{name}", kind) for c in classes[1:] for name, kind in coefficients(names)]
    pairs += [(f"sd({by})[{target}[{c}]:Intercept]", "tau") for c in classes[1:]]
    info = {"formula": formula, "family": "categorical", "groups": [len(labels)], "scale": {"target_mean": 0.0, "target_sd": 1.0, **scale}}
    return Case(Parameters(pairs), np.concatenate([np.zeros(2 * p), [-0.3, -0.3]]), log_likelihood, info)


def nested_binary(frame, *, formula, y, predictors, outer, inner, step=0.5, fine_step=0.2):
    """(1 | outer) + (1 | inner), bernoulli, every inner group in one outer group."""
    frame = frame.assign(_y=y, _key=frame[outer].astype(str) + " " + frame[inner].astype(str))
    frame, inner_starts, labels = grouped(frame, "_key")
    outer_of = frame[outer].to_numpy()[inner_starts[:-1]]
    changes = np.flatnonzero(outer_of[1:] != outer_of[:-1]) + 1
    outer_starts = np.concatenate([[0], changes, [len(labels)]])
    assert len(outer_starts) - 1 == frame[outer].nunique() and len(labels) == frame[inner].nunique()
    names, x, scale = standardised(frame, predictors)
    p, sign = len(names), 2 * frame["_y"].to_numpy(float) - 1
    nodes, log_weights = I.axis(step, 5.0)
    fine, log_fine = I.axis(fine_step, 5.0)

    def log_likelihood(values):
        return I.nested_bernoulli(x @ values[:p], sign, inner_starts, outer_starts, values[p], values[p + 1], nodes, log_weights, fine, log_fine)

    pairs = [*coefficients(names), (f"sd({outer})[Intercept]", "tau"), (f"sd({inner})[Intercept]", "tau")]
    info = {"formula": formula, "family": "bernoulli", "groups": [len(outer_starts) - 1, len(labels)], "scale": {"target_mean": 0.0, "target_sd": 1.0, **scale}}
    return Case(Parameters(pairs), np.concatenate([np.zeros(p), [1.2, 1.7]]), log_likelihood, info)


def gaussian(frame, *, formula, y, predictors, terms):
    """Gaussian rows with any terms (label, key, slope or None): fixed and group effects are integrated exactly."""
    names, x, scale = standardised(frame, predictors)
    centre, spread = y.mean(), y.std()
    blocks, pairs, further, groups = [], [("sigma", "sigma")], [], []
    for label, key, slope in terms:
        levels, codes = np.unique(key, return_inverse=True)
        groups.append(len(levels))
        effects = ["Intercept"] if slope is None else ["Intercept", slope]
        blocks.append((codes, x[:, [names.index(e) for e in effects]]))
        pairs += [(f"sd({label})[{e}]", "tau") for e in effects]
        if slope is not None:
            pairs.append((f"cor({label})[Intercept,{slope}]", "cor"))
        further += [f"{label}[{level}]:{e}" for level in levels for e in effects]
    exact = I.GaussianEffects(x, (y - centre) / spread, blocks, fixed_scales(len(names)))

    def factors(values):
        out, at = [], 1
        for _, _, slope in terms:
            out.append(np.array([[values[at]]]) if slope is None else factor_of(*values[at : at + 3]))
            at += 1 if slope is None else 3
        return out

    parameters = Parameters(pairs)
    info = {"formula": formula, "family": "gaussian", "groups": groups, "scale": {"target_mean": float(centre), "target_sd": float(spread), **scale}}
    start = np.array([{"sigma": -0.2, "tau": -1.0, "cor": 0.0}[kind] for kind in parameters.kinds])
    return Case(
        parameters, start, lambda v: exact.solve(v[0], factors(v))[0], info,
        draw=lambda rng, v: exact.draw(rng, v[0], factors(v)), further=[*names, *further],
    )


def read(name):
    return pd.read_csv(DATA / f"{name}.csv")


def nested_key(frame, *columns):
    return frame[list(columns)].astype(str).agg("/".join, axis=1).to_numpy()


def build(name):
    frame = read(name)
    if name == "immunisation":
        return nested_binary(
            frame, y=target_of(frame, "immunised", "Y"), predictors=["older", "education", "rural", "indigenous"], outer="community",
            inner="mother", formula="immunised == 'Y' ~ older + education + rural + indigenous + (1 | community) + (1 | mother)",
        )
    if name in ("counts", "overdispersed-counts"):
        family, auxiliaries = ("poisson", ()) if name == "counts" else ("negative-binomial", ("dispersion",))
        return random_intercepts(
            frame, y=target_of(frame, "seizures"), predictors=["treatment", "x"], by="subject", family=family, auxiliaries=auxiliaries,
            offset=np.log(frame["exposure"]), step=0.1, formula="seizures ~ treatment + x + offset(log(exposure)) + (1 | subject)",
        )
    if name == "slopes-binary":
        return slopes_binary(frame, y=target_of(frame, "y"), predictors=["x", "w"], by="g", slope="x", formula="y ~ x + w + (1 + x | g)")
    if name == "pupils":
        return gaussian(
            frame, y=target_of(frame, "score"), predictors=["before", "size"], formula="score ~ before + size + (1 | school/classroom)",
            terms=[("school", nested_key(frame, "school"), None), ("school:classroom", nested_key(frame, "school", "classroom"), None)],
        )
    if name == "slopes-few-groups":
        return gaussian(frame, y=target_of(frame, "y"), predictors=["x"], terms=[("g", nested_key(frame, "g"), "x")], formula="y ~ x + (1 + x | g)")
    if name == "crossed-schools":
        return gaussian(
            frame, y=target_of(frame, "attain"), predictors=["verbal", "sex"], formula="attain ~ verbal + sex + (1 | primary) + (1 | secondary)",
            terms=[(label, nested_key(frame, label), None) for label in ("primary", "secondary")],
        )
    if name == "small-groups":
        return random_intercepts(frame, y=target_of(frame, "y"), predictors=["x", "w"], by="g", family="bernoulli", formula="y ~ x + w + (1 | g)")
    if name == "heavy-tails":
        y = target_of(frame, "y")
        return random_intercepts(
            frame, y=y, predictors=["x"], by="g", family="student-t", auxiliaries=("sigma", "nu"), step=0.1,
            centre=float(y.mean()), spread=float(y.std()), formula="y ~ x + (1 | g)",
        )
    if name == "three-classes":
        return categorical(frame, target="mode", predictors=["x"], by="g", formula="mode ~ x + (1 | g)")
    raise ValueError(f"No model of {name}.")
