"""The posterior of a softmax regression of the penguins' species, independently of the library: Newton's method for the
mode, Hamiltonian Monte Carlo over all rows (whitened by the normal approximation) for means and sds. Priors normal(0, 2.5)
on the standardised scale, normal(0, 10) on the intercepts; the first class in sorted order is the reference.

    python3 test/golden/penguins.py node_modules/vega-datasets/data/penguins.json > test/golden/penguins.json
"""
import json
import sys

import numpy as np

columns = ["Beak Length (mm)", "Flipper Length (mm)"]
rows = [r for r in json.load(open(sys.argv[1])) if all(r[c] is not None for c in columns)]
levels = sorted({r["Species"] for r in rows})
x = np.array([[float(r[c]) for c in columns] for r in rows])
x = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(len(rows))])
y = np.array([levels.index(r["Species"]) for r in rows])
hot = np.eye(len(levels))[y]
d = x.shape[1]


def posterior(first):
    """Mode and inverse Hessian with the classes from `first` on having parameters, M = D (K - first)."""
    outputs = len(levels) - first
    precision = np.tile([1 / 2.5**2] * (d - 1) + [1 / 10**2], outputs)

    def value_and_gradient(theta):  # theta: chains x M
        eta = np.einsum("nd,ckd->cnk", x, theta.reshape(len(theta), outputs, d))
        if first:
            eta = np.concatenate([np.zeros_like(eta[:, :, :1]), eta], axis=2)
        top = eta.max(axis=2, keepdims=True)
        terms = np.exp(eta - top)
        total = terms.sum(axis=2, keepdims=True)
        loss = (top + np.log(total))[:, :, 0].sum(axis=1) - (eta * hot).sum(axis=(1, 2))
        slope = (terms / total - hot)[:, :, first:]
        gradient = np.einsum("cnk,nd->ckd", slope, x).reshape(theta.shape) + precision * theta
        return loss + 0.5 * (precision * theta**2).sum(axis=1), gradient

    def hessian(theta):
        eta = x @ theta.reshape(outputs, d).T
        if first:
            eta = np.column_stack([np.zeros(len(x)), eta])
        p = np.exp(eta - eta.max(axis=1, keepdims=True))
        p = (p / p.sum(axis=1, keepdims=True))[:, first:]
        w = np.einsum("nk,kl->nkl", p, np.eye(outputs)) - np.einsum("nk,nl->nkl", p, p)
        return np.einsum("nkl,ni,nj->kilj", w, x, x).reshape(outputs * d, -1) + np.diag(precision)

    theta = np.zeros(outputs * d)
    for _ in range(200):
        value, gradient = value_and_gradient(theta[None])
        step = np.linalg.solve(hessian(theta), gradient[0])
        length = 1.0
        while value_and_gradient((theta - length * step)[None])[0][0] > value[0] + 1e-9:
            length /= 2
        theta = theta - length * step
    return theta, np.linalg.inv(hessian(theta)), value_and_gradient


def hamiltonian(mode, covariance, value_and_gradient, chains=400, draws=800, warmup=200):
    generator = np.random.default_rng(1)
    factor = np.linalg.cholesky(covariance)

    def at(u):
        value, gradient = value_and_gradient(mode + u @ factor.T)
        return value, gradient @ factor

    u = generator.normal(size=(chains, len(mode)))
    value, gradient = at(u)
    sums, squares, accepted = 0.0, 0.0, 0.0
    means = np.zeros((chains, len(mode)))
    for iteration in range(warmup + draws):
        p = generator.normal(size=u.shape)
        energy = value + 0.5 * (p**2).sum(axis=1)
        v, g, q = u, gradient, p
        step = 0.25 * generator.uniform(0.7, 1.3)
        for _ in range(6):
            q = q - 0.5 * step * g
            v = v + step * q
            new_value, g = at(v)
            q = q - 0.5 * step * g
        accept = np.log(generator.uniform(size=chains)) < energy - new_value - 0.5 * (q**2).sum(axis=1)
        u = np.where(accept[:, None], v, u)
        value = np.where(accept, new_value, value)
        gradient = np.where(accept[:, None], g, gradient)
        if iteration >= warmup:
            theta = mode + u @ factor.T
            sums, squares = sums + theta.mean(axis=0), squares + (theta**2).mean(axis=0)
            means += theta / draws
            accepted += accept.mean()
    mean = sums / draws
    error = means.std(axis=0) / np.sqrt(chains)
    return mean, np.sqrt(squares / draws - mean**2), error, accepted / draws


mode, covariance, f = posterior(1)
mean, sd, error, acceptance = hamiltonian(mode, covariance, f)
symmetric_mode, symmetric_covariance, _ = posterior(0)
print(f"acceptance {acceptance:.3f}, standard errors of the means in sds {(error / sd).max():.1e}", file=sys.stderr)
listed = lambda values: [float(f"{v:.10g}") for v in values]
result = {
    "columns": columns,
    "levels": levels,
    "rows": len(rows),
    "mode": listed(mode),
    "laplaceSd": listed(np.sqrt(np.diag(covariance))),
    "mean": listed(mean),
    "sd": listed(sd),
    "symmetricMode": listed(symmetric_mode),
    "symmetricLaplaceSd": listed(np.sqrt(np.diag(symmetric_covariance))),
}
print(json.dumps(result, indent=2))
