"""Means, sds and quantiles of a posterior of a few parameters by adaptive importance sampling: independent draws."""

import numpy as np
from scipy import optimize


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
        width = rng.choice(self.widths, p=self.shares, size=count)
        scale = width * np.sqrt(self.nu / rng.chisquare(self.nu, size=count))
        return self.centre + scale[:, None] * (rng.normal(size=(count, len(self.centre))) @ self.cholesky.T)

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


def sample(rng, log_posterior, start, rounds=(1000, 2000), count=12_000):
    """Draws (S, D) and their normalised weights; `log_posterior` takes one point."""
    mode = optimize.minimize(lambda t: -log_posterior(t), start, method="BFGS", options={"gtol": 1e-3}).x
    curvature = hessian(lambda t: -log_posterior(t), mode)
    values, vectors = np.linalg.eigh(curvature)
    covariance = (vectors / np.maximum(values, 0.05)) @ vectors.T
    centre = mode
    for size in (*rounds, count):
        proposal = StudentMixture(centre, covariance)
        draws = proposal.draw(rng, size)
        weights = normalised(np.array([log_posterior(d) for d in draws]) - proposal.log_density(draws))
        print(f"  {size} draws, ESS {1 / (weights**2).sum():.0f}, largest weight {weights.max() * size:.1f} of the mean", flush=True)
        centre = weights @ draws
        covariance = (draws - centre).T @ ((draws - centre) * weights[:, None])
    return draws, weights


def summary(values, weights):
    """Weighted mean, sd, quantiles and effective sample size of the mean."""
    mean = weights @ values
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order]) - 0.5 * weights[order]
    q3, median, q97 = np.interp([0.03, 0.5, 0.97], cumulated, values[order])
    variance = weights @ (values - mean) ** 2
    error = np.sum(weights**2 * (values - mean) ** 2)
    return {
        "mean": float(mean), "sd": float(np.sqrt(variance)),
        "q3": float(q3), "median": float(median), "q97": float(q97),
        "ess": float(variance / error), "rhat": 1.0,
    }
