"""Losses of groups with their effects integrated out, and their gradients: writes group-losses.json.

    loss_j(theta) = -log ∫ Π_{i in j} exp(-f(eta_i, y_i)) phi(v) dv,   eta_i = x_i' beta + z_i' L v

with f = log(1 + e^eta) - y eta (bernoulli) or e^eta - y eta (poisson): terms of y alone are left out.
theta = (beta, log tau_1 .. log tau_q, atanh of the canonical partial correlations z_21, z_31, z_32, ..).
Row i of L is tau_i times a row of unit length: L_i1 = tanh z_i1, L_ij = tanh z_ij sqrt(1 - Σ_{k<j} L_ik²).
Nested: eta_i = x_i' beta + tau_a u + tau_b v, outer integral over u of the product over the inner groups
of integrals over v; theta = (beta, log tau_a, log tau_b).

The integrals are trapezoidal sums on a dense grid, which converge exponentially for these integrands;
a grid of another spacing, mpmath (q = 1), adaptive Gauss-Hermite quadrature with 25 nodes and finite
differences check them: the script prints the differences and fails where they are too large.

    python group-losses.py            # writes group-losses.json beside this file
"""

import json
from pathlib import Path

import mpmath
import numpy as np

HERE = Path(__file__).parent


def row_loss(family, eta, y):
    return (np.logaddexp(0, eta) if family == "bernoulli" else np.exp(eta)) - y * eta


def row_slope(family, eta, y):
    return (1 / (1 + np.exp(-eta)) if family == "bernoulli" else np.exp(eta)) - y


def row_curvature(family, eta):
    mean = 1 / (1 + np.exp(-eta)) if family == "bernoulli" else np.exp(eta)
    return mean * (1 - mean) if family == "bernoulli" else mean


def unit_rows(z, q):
    """Cholesky factor of the correlations from z = (z_21, z_31, z_32, ..)."""
    factor = np.zeros((q, q))
    at = 0
    for i in range(q):
        left = 1.0
        for j in range(i):
            factor[i, j] = np.tanh(z[at]) * np.sqrt(left)
            left -= factor[i, j] ** 2
            at += 1
        factor[i, i] = np.sqrt(left)
    return factor


def cholesky(theta, p, q):
    return np.exp(theta[p : p + q])[:, None] * unit_rows(theta[p + q :], q)


def cholesky_slopes(theta, p, q):
    """dL / dtheta for the parameters after beta, by complex steps (exact to rounding)."""
    slopes = []
    for k in range(p, len(theta)):
        shifted = np.array(theta, complex)
        shifted[k] += 1e-30j
        factor = np.zeros((q, q), complex)
        at = p + q
        for i in range(q):
            left = 1.0 + 0j
            for j in range(i):
                factor[i, j] = np.tanh(shifted[at]) * np.sqrt(left)
                left -= factor[i, j] ** 2
                at += 1
            factor[i, i] = np.sqrt(left)
        slopes.append((np.exp(shifted[p : p + q])[:, None] * factor).imag / 1e-30)
    return slopes


def grid(q, step, reach=10.0):
    axis = np.arange(-round(reach / step), round(reach / step) + 1) * step
    nodes = np.stack([a.ravel() for a in np.meshgrid(*[axis] * q, indexing="ij")], axis=1)
    log_weights = -0.5 * (nodes**2).sum(1) - 0.5 * q * np.log(2 * np.pi) + q * np.log(step)
    return nodes, log_weights


def dense(family, group, theta, nodes, log_weights):
    """Loss and gradient of one group on a grid of nodes (M, q)."""
    x, z, y = (np.array(group[k], float) for k in ("x", "z", "y"))
    p, q = x.shape[1], z.shape[1]
    factor = cholesky(theta, p, q)
    log_terms = log_weights.copy()
    for i in range(len(y)):
        log_terms -= row_loss(family, x[i] @ theta[:p] + nodes @ (factor.T @ z[i]), y[i])
    top = log_terms.max()
    weights = np.exp(log_terms - top)
    total = weights.sum()
    weights /= total
    loss = -(top + np.log(total))
    by_beta, by_factor = np.zeros(p), np.zeros((q, q))
    for i in range(len(y)):
        slope = weights * row_slope(family, x[i] @ theta[:p] + nodes @ (factor.T @ z[i]), y[i])
        by_beta += slope.sum() * x[i]
        by_factor += np.outer(z[i], slope @ nodes)
    rest = [float((by_factor * d).sum()) for d in cholesky_slopes(theta, p, q)]
    return loss, np.concatenate([by_beta, rest])


def adaptive(family, group, theta, count):
    """Adaptive Gauss-Hermite quadrature about the mode: loss and gradient (nodes held fixed)."""
    x, z, y = (np.array(group[k], float) for k in ("x", "z", "y"))
    p, q = x.shape[1], z.shape[1]
    loadings = z @ cholesky(theta, p, q)
    mode = np.zeros(q)
    for _ in range(200):
        eta = x @ theta[:p] + loadings @ mode
        curvature = loadings.T @ (row_curvature(family, eta)[:, None] * loadings) + np.eye(q)
        move = np.linalg.solve(curvature, loadings.T @ row_slope(family, eta, y) + mode)
        mode = mode - move * min(1, 1 / np.abs(move).max()) if np.abs(move).max() > 0 else mode
        if np.abs(move).max() < 1e-13:
            break
    spread = np.linalg.inv(np.linalg.cholesky(curvature)).T
    points, masses = np.polynomial.hermite_e.hermegauss(count)
    unit = np.stack([a.ravel() for a in np.meshgrid(*[points] * q, indexing="ij")], axis=1)
    mass = np.prod(np.stack(np.meshgrid(*[masses] * q, indexing="ij")), axis=0).ravel()
    nodes = mode + unit @ spread.T
    log_weights = np.log(mass) + 0.5 * (unit**2).sum(1) + np.linalg.slogdet(spread)[1]
    log_weights += -0.5 * (nodes**2).sum(1) - 0.5 * q * np.log(2 * np.pi)
    return dense(family, group, theta, nodes, log_weights)


def nested(family, outer_group, theta, step):
    """Loss and gradient of one outer group, a list of inner groups {x, y}."""
    nodes, log_weights = grid(1, step)
    v = nodes[:, 0]
    p = len(outer_group[0]["x"][0])
    tau_a, tau_b = np.exp(theta[p:])
    total_log = log_weights.copy()
    score = np.zeros((len(v), p + 2))
    for inner in outer_group:
        x, y = np.array(inner["x"], float), np.array(inner["y"], float)
        terms = np.tile(log_weights, (len(v), 1))
        etas = [xi @ theta[:p] + tau_a * v[:, None] + tau_b * v[None, :] for xi in x]
        for eta, yi in zip(etas, y):
            terms -= row_loss(family, eta, yi)
        top = terms.max(1, keepdims=True)
        weights = np.exp(terms - top)
        mass = weights.sum(1, keepdims=True)
        total_log += top[:, 0] + np.log(mass[:, 0])
        weights /= mass
        for eta, xi, yi in zip(etas, x, y):
            slope = weights * row_slope(family, eta, yi)
            mean = slope.sum(1)
            score[:, :p] += mean[:, None] * xi
            score[:, p] += mean * tau_a * v
            score[:, p + 1] += tau_b * (slope @ v)
    top = total_log.max()
    weights = np.exp(total_log - top)
    loss = -(top + np.log(weights.sum()))
    return loss, (weights / weights.sum()) @ score


def by_mpmath(family, group, theta):
    """The loss of one group with one effect, to 25 digits."""
    mpmath.mp.dps = 25
    x, z, y = group["x"], group["z"], group["y"]
    p = len(x[0])
    tau = mpmath.exp(theta[p])

    def integrand(v):
        total = -v * v / 2
        for xi, zi, yi in zip(x, z, y):
            eta = sum(mpmath.mpf(b) * c for b, c in zip(theta[:p], xi)) + tau * zi[0] * v
            total -= (mpmath.log1p(mpmath.exp(eta)) if family == "bernoulli" else mpmath.exp(eta)) - yi * eta
        return mpmath.exp(total)

    pieces = [mpmath.mpf(k) / 4 for k in range(-48, 49)]
    return -mpmath.log(mpmath.quad(integrand, pieces) / mpmath.sqrt(2 * mpmath.pi))


def simulate(rng, family, sizes, q, theta):
    """Groups of given sizes: x = (1, x1), and z = (1), (1, x1) or (1, x1, x2)."""
    p = 2
    factor = cholesky(np.array(theta), p, q)
    groups = []
    for size in sizes:
        columns = np.round(rng.normal(size=(size, 2)), 3)
        x = np.column_stack([np.ones(size), columns[:, 0]])
        z = np.column_stack([np.ones(size), columns])[:, :q]
        eta = x @ np.array(theta[:p]) + z @ factor @ rng.normal(size=q)
        y = rng.random(size) < 1 / (1 + np.exp(-eta)) if family == "bernoulli" else rng.poisson(np.exp(eta))
        groups.append({"x": x.tolist(), "z": z.tolist(), "y": y.astype(int).tolist()})
    return groups


POINTS = {
    1: [[-0.5, 0.7, -0.2], [0.3, -0.4, 1.1], [1.2, 0.1, -2.5]],
    2: [[-0.5, 0.7, -0.2, -0.6, 0.4], [0.3, -0.4, 0.9, 0.5, -1.2], [1.2, 0.1, -2.5, 0.3, 0.0]],
    3: [
        [-0.5, 0.7, -0.2, -0.6, -1.0, 0.4, -0.3, 0.2],
        [0.3, -0.4, 0.6, 0.5, 0.2, -1.2, 0.8, -0.5],
        [1.2, 0.1, -2.5, 0.3, -0.1, 0.0, 0.5, 1.0],
    ],
}
NESTED_POINTS = [[-0.5, 0.7, -0.2, -0.6], [0.3, -0.4, 1.1, 1.5], [1.2, 0.1, -2.5, 0.2]]
STEPS = {1: 0.002, 2: 0.02, 3: 0.08}
COARSER = {1: 0.0031, 2: 0.031, 3: 0.11}


def finite_difference(loss, theta, step=1e-5):
    slopes = []
    for k in range(len(theta)):
        up, down = np.array(theta), np.array(theta)
        up[k] += step
        down[k] -= step
        slopes.append((loss(up) - loss(down)) / (2 * step))
    return np.array(slopes)


def one_factor_case(rng, family, q):
    groups = simulate(rng, family, [1, 2, 3, 4, 6], q, POINTS[q][0])
    fine, coarse = grid(q, STEPS[q]), grid(q, COARSER[q])
    values, worst = [], dict(coarser=0.0, aghq25=0.0, finite=0.0, mpmath=0.0)
    for theta in POINTS[q]:
        theta = np.array(theta)
        results = [dense(family, g, theta, *fine) for g in groups]
        for group, (loss, gradient) in zip(groups, results):
            other = dense(family, group, theta, *coarse)
            worst["coarser"] = max(worst["coarser"], abs(other[0] - loss), np.abs(other[1] - gradient).max())
            hermite = adaptive(family, group, theta, 25)
            worst["aghq25"] = max(worst["aghq25"], abs(hermite[0] - loss), np.abs(hermite[1] - gradient).max())
            if q == 1:
                worst["mpmath"] = max(worst["mpmath"], abs(float(by_mpmath(family, group, theta)) - loss))
            if q < 3:
                slopes = finite_difference(lambda t: dense(family, group, t, *coarse)[0], theta)
                worst["finite"] = max(worst["finite"], np.abs(slopes - gradient).max())
        values.append({
            "theta": theta.tolist(),
            "losses": [float(r[0]) for r in results],
            "gradients": [r[1].tolist() for r in results],
            "loss": float(sum(r[0] for r in results)),
            "gradient": sum(r[1] for r in results).tolist(),
            "laplaceLosses": [float(adaptive(family, g, theta, 1)[0]) for g in groups],
        })
    print(family, "q =", q, "largest differences:", {k: f"{v:.1e}" for k, v in worst.items()})
    assert worst["coarser"] < 1e-9 and worst["mpmath"] < 1e-12 and worst["finite"] < 1e-7
    return {"family": family, "q": q, "groups": groups, "values": values}


def nested_case(rng, family):
    outer = []
    for sizes in ([1], [2, 1], [3, 1, 2], [1, 1, 1, 2]):
        flat = simulate(rng, family, sizes, 1, POINTS[1][0])
        outer.append([{"x": g["x"], "y": g["y"]} for g in flat])
    values, coarser, finite = [], 0.0, 0.0
    for theta in NESTED_POINTS:
        theta = np.array(theta)
        results = [nested(family, g, theta, 0.01) for g in outer]
        for group, (loss, gradient) in zip(outer, results):
            other = nested(family, group, theta, 0.031)
            coarser = max(coarser, abs(other[0] - loss), np.abs(other[1] - gradient).max())
            slopes = finite_difference(lambda t: nested(family, group, t, 0.031)[0], theta)
            finite = max(finite, np.abs(slopes - gradient).max())
        values.append({
            "theta": theta.tolist(),
            "losses": [float(r[0]) for r in results],
            "gradients": [r[1].tolist() for r in results],
            "loss": float(sum(r[0] for r in results)),
            "gradient": sum(r[1] for r in results).tolist(),
        })
    print(family, "nested, largest differences:", f"coarser {coarser:.1e}, finite {finite:.1e}")
    assert coarser < 1e-9 and finite < 1e-7
    return {"family": family, "outerGroups": outer, "values": values}


def main():
    rng = np.random.default_rng(20150415)
    families = ("bernoulli", "poisson")
    golden = {
        "oneFactor": [one_factor_case(rng, f, q) for q in (1, 2, 3) for f in families],
        "nested": [nested_case(rng, f) for f in families],
    }
    (HERE / "group-losses.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
