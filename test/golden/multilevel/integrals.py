"""log p(y | theta) with the groups' effects integrated out by trapezoidal sums on dense grids.

For integrands like these the sums converge exponentially in 1/step; references.py halves the step to see it.
Rows are sorted by group: group j has rows starts[j] to starts[j + 1]. Effects are L v with v standard normal.
"""

import math

import numba
import numpy as np
from scipy.linalg import solve_triangular

BERNOULLI, POISSON, NEGATIVE_BINOMIAL, BINOMIAL, STUDENT_T = range(5)


def axis(step, reach=6.5):
    """Nodes and log weights of ∫ . phi(v) dv."""
    nodes = np.arange(-math.ceil(reach / step), math.ceil(reach / step) + 1) * step
    return nodes, -0.5 * nodes**2 - 0.5 * math.log(2 * math.pi) + math.log(step)


@numba.njit
def constant(family, y, aux):
    """The part of a row's log density that depends on aux (dispersion, or sigma and nu) but not on eta."""
    if family == NEGATIVE_BINOMIAL:
        size = 1 / aux[0]
        return math.lgamma(y + size) - math.lgamma(size) + y * math.log(aux[0])
    if family == STUDENT_T:
        return math.lgamma((aux[1] + 1) / 2) - math.lgamma(aux[1] / 2) - 0.5 * math.log(aux[1]) - math.log(aux[0])
    return 0.0


@numba.njit
def log_density(family, eta, y, trials, aux):
    """log p(y | eta) of a row, but for `constant` and terms of y and trials alone."""
    if family == BERNOULLI or family == BINOMIAL:
        soft = eta + math.log1p(math.exp(-eta)) if eta > 0 else math.log1p(math.exp(eta))
        return y * eta - trials * soft
    if family == POISSON:
        return y * eta - math.exp(eta)
    if family == NEGATIVE_BINOMIAL:
        return y * eta - (y + 1 / aux[0]) * math.log1p(aux[0] * math.exp(eta))
    return -0.5 * (aux[1] + 1) * math.log1p(((y - eta) / aux[0]) ** 2 / aux[1])


@numba.njit
def one_effect(family, fixed, y, trials, starts, tau, aux, nodes, log_weights, moments):
    """Random intercepts. Adds mean and second moment of every group's effect given theta to moments (J, 2)."""
    total = 0.0
    terms = np.empty(len(nodes))
    for j in range(len(starts) - 1):
        terms[:] = log_weights
        for i in range(starts[j], starts[j + 1]):
            total += constant(family, y[i], aux)
            for k in range(len(nodes)):
                terms[k] += log_density(family, fixed[i] + tau * nodes[k], y[i], trials[i], aux)
        top = terms.max()
        mass, first, second = 0.0, 0.0, 0.0
        for k in range(len(nodes)):
            w = math.exp(terms[k] - top)
            mass += w
            first += w * nodes[k]
            second += w * nodes[k] ** 2
        total += top + math.log(mass)
        moments[j, 0] = tau * first / mass
        moments[j, 1] = tau**2 * second / mass
    return total


@numba.njit(fastmath=True)
def one_effect_bernoulli(fixed, sign, starts, tau, nodes, log_weights, moments):
    """As one_effect; sign = 1 where y = 1, else -1. 1/(1 + e^-eta) = 1/(1 + e^-fixed e^-(tau v)) needs no exponential a node."""
    weights = np.exp(log_weights)
    rising, falling = np.exp(-tau * nodes), np.exp(tau * nodes)
    terms = np.empty(len(nodes))
    total = 0.0
    for j in range(len(starts) - 1):
        terms[:] = weights
        for i in range(starts[j], starts[j + 1]):
            own = math.exp(-sign[i] * fixed[i])
            if sign[i] > 0:
                for k in range(len(nodes)):
                    terms[k] /= 1 + own * rising[k]
            else:
                for k in range(len(nodes)):
                    terms[k] /= 1 + own * falling[k]
        mass, first, second = 0.0, 0.0, 0.0
        for k in range(len(nodes)):
            mass += terms[k]
            first += terms[k] * nodes[k]
            second += terms[k] * nodes[k] ** 2
        total += math.log(mass)
        moments[j, 0] = tau * first / mass
        moments[j, 1] = tau**2 * second / mass
    return total


@numba.njit(fastmath=True)
def two_effects_bernoulli(fixed, sign, slope, starts, factor, nodes, log_weights):
    """(1 + x | g): eta = fixed + b_0 + slope b_1. sign = 1 where y = 1, else -1. 1/(1 + e^-eta) factorises over nodes."""
    weights = np.exp(log_weights)
    terms = np.empty((len(nodes), len(nodes)))
    by_first, by_second = np.empty(len(nodes)), np.empty(len(nodes))
    total = 0.0
    for j in range(len(starts) - 1):
        for k in range(len(nodes)):
            for m in range(len(nodes)):
                terms[k, m] = weights[k] * weights[m]
        for i in range(starts[j], starts[j + 1]):
            for k in range(len(nodes)):
                by_first[k] = math.exp(-sign[i] * (fixed[i] + (factor[0, 0] + slope[i] * factor[1, 0]) * nodes[k]))
                by_second[k] = math.exp(-sign[i] * slope[i] * factor[1, 1] * nodes[k])
            for k in range(len(nodes)):
                for m in range(len(nodes)):
                    terms[k, m] /= 1 + by_first[k] * by_second[m]
        total += math.log(terms.sum())
    return total


@numba.njit(fastmath=True)
def three_classes(fixed, y, starts, tau, nodes, log_weights):
    """A softmax with class 0 as reference; classes 1 and 2 have random intercepts of their own, independent."""
    weights = np.exp(log_weights)
    terms = np.empty((len(nodes), len(nodes)))
    by_first, by_second = np.empty(len(nodes)), np.empty(len(nodes))
    total = 0.0
    for j in range(len(starts) - 1):
        for k in range(len(nodes)):
            for m in range(len(nodes)):
                terms[k, m] = weights[k] * weights[m]
        for i in range(starts[j], starts[j + 1]):
            for k in range(len(nodes)):
                by_first[k] = math.exp(fixed[i, 0] + tau[0] * nodes[k])
                by_second[k] = math.exp(fixed[i, 1] + tau[1] * nodes[k])
            for k in range(len(nodes)):
                for m in range(len(nodes)):
                    share = by_first[k] if y[i] == 1 else by_second[m] if y[i] == 2 else 1.0
                    terms[k, m] *= share / (1 + by_first[k] + by_second[m])
        total += math.log(terms.sum())
    return total


@numba.njit(fastmath=True)
def nested_bernoulli(fixed, sign, inner_starts, outer_starts, tau_outer, tau_inner, nodes, log_weights, fine, log_fine):
    """Rows in inner groups in outer groups: outer nodes `nodes`, inner nodes `fine`."""
    weights = np.exp(log_fine)
    by_outer, by_inner = np.empty(len(nodes)), np.empty(len(fine))
    terms = np.empty((len(nodes), len(fine)))
    logs = np.empty(len(nodes))
    total = 0.0
    for j in range(len(outer_starts) - 1):
        logs[:] = log_weights
        for g in range(outer_starts[j], outer_starts[j + 1]):
            for k in range(len(nodes)):
                terms[k] = weights
            for i in range(inner_starts[g], inner_starts[g + 1]):
                for k in range(len(nodes)):
                    by_outer[k] = math.exp(-sign[i] * (fixed[i] + tau_outer * nodes[k]))
                for m in range(len(fine)):
                    by_inner[m] = math.exp(-sign[i] * tau_inner * fine[m])
                for k in range(len(nodes)):
                    for m in range(len(fine)):
                        terms[k, m] /= 1 + by_outer[k] * by_inner[m]
            for k in range(len(nodes)):
                logs[k] += math.log(terms[k].sum())
        top = logs.max()
        total += top + math.log(np.exp(logs - top).sum())
    return total


class GaussianEffects:
    """y = X beta + Z b + noise: log p(y | sigma, factors) with beta and b integrated exactly, and draws of (beta, b).

    blocks: one (group codes, Z columns (n, q)) per term; with L of a term, b_j = L v_j. beta_k ~ normal(0, scale_k).
    """

    def __init__(self, x, y, blocks, scale):
        self.num_fixed, self.num_rows, self.scale = x.shape[1], len(y), scale
        columns = [x * scale]
        self.shapes = []
        for codes, z in blocks:
            groups = codes.max() + 1
            wide = np.zeros((len(y), groups, z.shape[1]))
            wide[np.arange(len(y)), codes] = z
            columns.append(wide.reshape(len(y), -1))
            self.shapes.append((groups, z.shape[1]))
        design = np.concatenate(columns, axis=1)
        self.gram, self.cross, self.square = design.T @ design, design.T @ y, y @ y

    def _scaled(self, factors):
        """Multiplies from the right by L, block by block: to the coordinates in which the prior is standard normal."""

        def from_right(matrix):
            out, at = matrix.copy(), self.num_fixed
            for (groups, q), factor in zip(self.shapes, factors):
                part = matrix[..., at : at + groups * q]
                out[..., at : at + groups * q] = (part.reshape(*part.shape[:-1], groups, q) @ factor).reshape(part.shape)
                at += groups * q
            return out

        return from_right

    def solve(self, sigma, factors):
        from_right = self._scaled(factors)
        gram = from_right(from_right(self.gram).T) / sigma**2
        cross = from_right(self.cross) / sigma**2
        cholesky = np.linalg.cholesky(gram + np.eye(len(cross)))
        half = solve_triangular(cholesky, cross, lower=True, check_finite=False)
        log_density = (
            -self.num_rows * math.log(sigma) - np.log(np.diag(cholesky)).sum()
            - 0.5 * (self.square / sigma**2 - half @ half)
        )
        return log_density, cholesky, half

    def draw(self, rng, sigma, factors):
        """A draw of (beta, b) given sigma and the factors."""
        _, cholesky, half = self.solve(sigma, factors)
        unit = solve_triangular(cholesky, half + rng.normal(size=len(half)), lower=True, trans=1, check_finite=False)
        out, at = unit.copy(), self.num_fixed
        out[:at] *= self.scale
        for (groups, q), factor in zip(self.shapes, factors):
            out[at : at + groups * q] = (unit[at : at + groups * q].reshape(groups, q) @ factor.T).ravel()
            at += groups * q
        return out
