"""Means, sds and quantiles of a posterior of a few parameters by adaptive importance sampling.

The proposals are scrambled Sobol points (Owen 1997), whose sums err less than those of independent draws: the errors that
`summary` states, as if they were independent, are upper bounds. Two scrambles, which are independent, show it.
"""

import numpy as np
from scipy import optimize, special, stats


def hessian(function, at, step=1e-3):
    dimension = len(at)
    eye = np.eye(dimension) * step
    out = np.empty((dimension, dimension))
    for i in range(dimension):
        for j in range(i + 1):
            corners = [function(at + a * eye[i] + b * eye[j]) for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            out[i, j] = out[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    return out


class StudentMixture:
    """A t law of 5 degrees of freedom about a centre, with a tenth of it twice as wide."""

    def __init__(self, centre, covariance, nu=5.0):
        self.centre, self.nu = centre, nu
        self.cholesky = np.linalg.cholesky(covariance * (nu - 2) / nu)
        self.widths, self.shares = np.array([1.0, 2.0]), np.array([0.9, 0.1])

    def draw(self, rng, count):
        """`count` a power of two."""
        dimension = len(self.centre)
        points = stats.qmc.Sobol(dimension + 2, rng=rng).random(count)
        width = self.widths[np.searchsorted(np.cumsum(self.shares)[:-1], points[:, 0])]
        scale = width * np.sqrt(self.nu / stats.chi2.ppf(points[:, 1], self.nu))
        return self.centre + scale[:, None] * (special.ndtri(points[:, 2:]) @ self.cholesky.T)

    def log_density(self, draws):
        dimension = len(self.centre)
        square = (np.linalg.solve(self.cholesky, (draws - self.centre).T) ** 2).sum(0)
        parts = [
            np.log(share) - dimension * np.log(width) - 0.5 * (self.nu + dimension) * np.log1p(square / width**2 / self.nu)
            for width, share in zip(self.widths, self.shares)
        ]
        return np.logaddexp(*parts)


def normalised(log_weights):
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()


def sample(rng, log_posterior, start, rounds=(1024, 1024, 2048), count=8192):
    """Draws (2 count, D) of two scrambles and their normalised weights; `log_posterior` takes one point."""
    mode = optimize.minimize(lambda t: -log_posterior(t), start, method="BFGS", options={"gtol": 1e-3}).x
    values, vectors = np.linalg.eigh(hessian(lambda t: -log_posterior(t), mode))
    centre, covariance = mode, (vectors / np.maximum(values, 0.05)) @ vectors.T
    for sizes in (*[(size,) for size in rounds], (count, count)):
        proposal = StudentMixture(centre, covariance)
        draws = np.concatenate([proposal.draw(rng, size) for size in sizes])
        weights = normalised(np.array([log_posterior(d) for d in draws]) - proposal.log_density(draws))
        print(f"  {len(draws)} draws, ESS {1 / (weights**2).sum():.0f}, largest weight {weights.max() * len(draws):.1f} of the mean", flush=True)
        # Truncated (Ionides 2008), so that no single draw of a tail makes the next proposal.
        truncated = np.minimum(weights, weights.mean() * len(draws) ** 0.25)
        truncated /= truncated.sum()
        centre = truncated @ draws
        covariance = (draws - centre).T @ ((draws - centre) * truncated[:, None])
    return draws, weights


def scrambles_apart(values, weights):
    """Differences of the two scrambles' means, in sds, and of their sds, relative."""
    halves = [summary(v, w / w.sum()) for v, w in zip(np.split(values, 2), np.split(weights, 2))]
    sd = (halves[0]["sd"] + halves[1]["sd"]) / 2
    return (halves[0]["mean"] - halves[1]["mean"]) / sd, (halves[0]["sd"] - halves[1]["sd"]) / sd


def summary(values, weights):
    """Weighted mean, sd, quantiles, effective sample size of the mean, and the Monte Carlo error of the sd over the sd."""
    mean = weights @ values
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order]) - 0.5 * weights[order]
    q3, median, q97 = np.interp([0.03, 0.5, 0.97], cumulated, values[order])
    variance = weights @ (values - mean) ** 2
    error = np.sum(weights**2 * (values - mean) ** 2)
    sd_error = np.sqrt(np.sum(weights**2 * ((values - mean) ** 2 / variance - 1) ** 2)) / 2
    return {
        "mean": float(mean), "sd": float(np.sqrt(variance)),
        "q3": float(q3), "median": float(median), "q97": float(q97),
        "ess": float(variance / error), "rhat": 1.0, "sdError": float(sd_error),
    }
