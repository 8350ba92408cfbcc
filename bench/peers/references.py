"""Reference posteriors of the logistic regressions, by none of the packages that are compared: `python references.py DESIGN OUT`.

1. The mode and the Hessian by Newton's method, in double precision.
2. A surrogate of the posterior: exact over the rows of levels that have few rows, or few of one class, where it may be far from normal
   (or over all rows, where there are few), and quadratic around the mode over the others. Hamiltonian Monte Carlo draws from it, 64 chains at once,
   in coordinates in which levels of one class only are normal.
3. Some of these draws are weighted by the true posterior over the surrogate. Means and sds are those of all draws, corrected by the
   weighted ones: Σ (w − w̄) z / Σ w, whose error is that of the weights' spread, not of the posterior's.

The standard errors of means (in sds) and of sds (relative), and the weights' effective sample size, are written beside them. Where that is
less than nine tenths of the sample, chains are run whose trajectories follow the surrogate, and whose ends are accepted by the posterior
itself: their draws are the posterior's, and the reference is made of them alone. A reference whose own errors are above half of what
contestants are allowed is not written.
German credit has a published reference: `python references.py --published FILE OUT` copies its numbers.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.interpolate import PchipInterpolator
from scipy.stats import norm

CHAINS, WARMUP, KEPT, WEIGHTED = 64, 120, 500, 512
# Half of what contestants are allowed (harness/errors.mjs).
LARGEST_ERROR, LARGEST_SD_ERROR = 0.05, 0.025
# Beyond this many sds of a mapped coordinate its map is a straight line.
LAST_LEVEL = 4
# Of a trajectory.
MOST_STEPS = 200
# Of chains that look at all rows.
WARMUP_OF_ALL, KEPT_OF_ALL = 30, 400
FEW_ROWS, FEW_OF_A_CLASS, ALL_ROWS, CHUNK = 1_000, 250, 10_000, 20_000


def read(folder):
    design = json.loads((folder / "design.json").read_text())
    x, y = np.load(folder / "x.npy", mmap_mode="r"), np.load(folder / "y.npy").astype(float)
    return x, y, np.array(design["priorSds"]), design["columns"]


def chunks(count):
    return (slice(at, min(at + CHUNK, count)) for at in range(0, count, CHUNK))


def softplus(logits):
    # Vectorised where numpy's logaddexp and log1p are not.
    return np.maximum(logits, 0) + np.log(1 + np.exp(-np.abs(logits)))


def log_likelihood(x, y, weights):
    """Of each row of `weights`, summed over the data."""
    total = np.zeros(len(weights))
    for part in chunks(len(y)):
        logits = x[part].astype(float) @ weights.T
        total += y[part] @ logits - softplus(logits).sum(0)
    return total


def derivatives(x, y, weights):
    gradient, hessian = np.zeros(len(weights)), np.zeros((len(weights), len(weights)))
    for part in chunks(len(y)):
        rows = x[part].astype(float)
        mean = 1 / (1 + np.exp(-rows @ weights))
        gradient += rows.T @ (y[part] - mean)
        hessian += (rows * (mean * (1 - mean))[:, None]).T @ rows
    return gradient, hessian


def find_mode(x, y, sds):
    weights = np.zeros(len(sds))
    value = -np.inf
    for _ in range(100):
        gradient, hessian = derivatives(x, y, weights)
        gradient -= weights / sds**2
        hessian += np.diag(1 / sds**2)
        step = np.linalg.solve(hessian, gradient)
        # The squared distance to the mode in sds; below it, rounding of the log-likelihood would stop the search for a step.
        if gradient @ step < 1e-9:
            return weights, hessian
        scale = 1.0
        while scale > 1e-6:
            trial = weights + scale * step
            new = log_likelihood(x, y, trial[None])[0] - 0.5 * np.sum((trial / sds) ** 2)
            if new >= value:
                break
            scale /= 2
        weights, value = trial, new
    raise SystemExit("Newton's method has not converged")


def levels(x, names):
    """
    Of each level of a factor, and of other columns whose value is mostly the same: the rows, a column, and the direction in which the logits of
    these rows alone move. Standardised, an indicator is the same small number outside of its level; the level that has no column is where all are.
    """
    size = x.shape[1]
    factors = {}
    for column in range(size - 1):
        values = np.asarray(x[:, column])
        usual = np.median(values)
        rows = values != usual
        direction = np.zeros(size)
        direction[column], direction[-1] = 1.0, -usual
        yield rows, column, direction
        if "[" in names[column]:
            factor = factors.setdefault(names[column].split("[")[0], (np.zeros(len(x), bool), np.zeros(size)))
            factor[0][rows] = True
            factor[1][:] -= direction / (values[rows][0] - usual)
    for of_others, direction in factors.values():
        if not of_others.all():
            direction[-1] += 1
            yield ~of_others, size - 1, direction


def walls(x, y, names):
    """Levels whose rows are all of one class."""
    return [(column, direction) for rows, column, direction in levels(x, names) if y[rows].min() == y[rows].max()]


class Coordinates:
    """
    Those in which trajectories run: θ = mode + directions t. Of whitened directions t is the position itself. Along a wall the density falls
    at once to one side and with the prior to the other: there t is a monotone map of the position, which makes it normal along the line through the mode.
    """

    def __init__(self, mode, hessian, density, found):
        self.mode, size = mode, len(mode)
        self.columns = [column for column, _ in found]
        others = [k for k in range(size) if k not in self.columns]
        self.directions = np.zeros((size, size))
        self.directions[np.ix_(others, others)] = np.linalg.cholesky(np.linalg.inv(hessian[np.ix_(others, others)]))
        self.maps = []
        for column, direction in found:
            self.directions[:, column] = direction
            self.maps.append(self.map_along(direction, density))

    def map_along(self, direction, density):
        def ends(reach):
            return density_along(density, self.mode, direction, np.array([-reach, 0, reach]))

        reach = 1.0
        while max(ends(reach)[[0, 2]]) > ends(reach)[1] - 25:
            reach *= 2
        # Walls are thin beside the prior: most points near the mode.
        at = reach * np.sinh(np.linspace(-9, 9, 6001)) / np.sinh(9)
        logs = density_along(density, self.mode, direction, at)
        below = cumulative_trapezoid(np.exp(logs - logs.max()), at, initial=0)
        levels = np.linspace(-LAST_LEVEL, LAST_LEVEL, 101)
        return PchipInterpolator(levels, np.interp(norm.cdf(levels), below / below[-1], at))

    def mapped(self, position):
        t = position.copy()
        for column, own in zip(self.columns, self.maps):
            inside = np.clip(position[:, column], -LAST_LEVEL, LAST_LEVEL)
            t[:, column] = own(inside) + own(inside, 1) * (position[:, column] - inside)
        return t

    def weights(self, position):
        return self.mode + self.mapped(position) @ self.directions.T

    def log_slopes(self, position):
        """log τ' of each map, and its derivative."""
        total, derivative, slopes = np.zeros(len(position)), np.zeros_like(position), np.ones_like(position)
        for column, own in zip(self.columns, self.maps):
            inside = np.clip(position[:, column], -LAST_LEVEL, LAST_LEVEL)
            slope = np.maximum(own(inside, 1), 1e-12)
            total += np.log(slope)
            slopes[:, column] = slope
            derivative[:, column] = np.where(inside == position[:, column], own(inside, 2) / slope, 0)
        return total, derivative, slopes

    def density(self, of_weights):
        return lambda position: of_weights(self.weights(position)) + self.log_slopes(position)[0]

    def slope(self, of_weights):
        def at(position):
            _, derivative, slopes = self.log_slopes(position)
            return (of_weights(self.weights(position)) @ self.directions) * slopes + derivative

        return at


def density_along(density, mode, direction, at):
    return np.concatenate([density(mode + part[:, None] * direction) for part in np.array_split(at, len(at) // 500 + 1)])


def exact_rows(x, y, names):
    """Rows of levels that have few, or few of one class."""
    if len(y) <= ALL_ROWS:
        return np.arange(len(y))
    chosen = np.zeros(len(y), bool)
    for rows, *_ in levels(x, names):
        events = y[rows].sum()
        if rows.sum() <= FEW_ROWS or min(events, rows.sum() - events) <= FEW_OF_A_CLASS:
            chosen |= rows
    return np.flatnonzero(chosen)


def hamiltonian_draws(density, slope, factor, random, warmup, kept, start=None):
    """
    Positions, factor q, from a log density of (chains, D) positions, by trajectories in q along `slope`, its gradient or nearly so: they keep
    volume whatever they follow.
    @param start where the chains begin, in q
    """
    # Near the mode: one that begins beyond a wall is thrown far away, and takes a long time to come back.
    position = 0.1 * random.normal(size=(CHAINS, len(factor))) if start is None else start
    value = density(position @ factor.T)
    gradient = slope(position @ factor.T) @ factor
    draws, accepted, step = [], 0.0, 0.4 / len(factor) ** 0.25
    for iteration in range(warmup + kept):
        momentum = random.normal(size=position.shape)
        energy = -value + 0.5 * (momentum**2).sum(1)
        trial, trial_gradient = position, gradient
        moving = momentum
        length = step * random.uniform(0.8, 1.2)
        # About a quarter of a turn, however short the steps have to be.
        for _ in range(min(MOST_STEPS, int(np.ceil(random.uniform(1.2, 2.0) / length)))):
            moving = moving + 0.5 * length * trial_gradient
            trial = trial + length * moving
            trial_gradient = slope(trial @ factor.T) @ factor
            moving = moving + 0.5 * length * trial_gradient
        trial_value = density(trial @ factor.T)
        new = -trial_value + 0.5 * (moving**2).sum(1)
        accept = np.log(random.uniform(size=CHAINS)) < energy - new
        position = np.where(accept[:, None], trial, position)
        gradient = np.where(accept[:, None], trial_gradient, gradient)
        value = np.where(accept, trial_value, value)
        if iteration < warmup:
            step *= np.exp(0.5 * (accept.mean() - 0.8) / (1 + iteration / 20))
        else:
            draws.append(position @ factor.T)
            accepted += accept.mean() / kept
    print("step", step, "acceptance", accepted, flush=True)
    return np.array(draws), accepted, position


def whitened_by(draws, last, factor):
    """Coordinates in which the covariance of the later draws is I, and where chains stand in them."""
    size = draws.shape[-1]
    learned = np.linalg.cholesky(np.cov(draws[len(draws) // 2:].reshape(-1, size).T))
    return learned, np.linalg.solve(learned, factor @ last.T).T


def draws_of_all(x, y, sds, slope, coordinates, factor, random, last):
    """Draws of the posterior itself, by trajectories along the surrogate's slope, from where the surrogate's chains have ended."""

    def density(weights):
        return log_likelihood(x, y, weights) - 0.5 * ((weights / sds) ** 2).sum(1)

    draws, accepted, _ = hamiltonian_draws(
        coordinates.density(density), coordinates.slope(slope), factor, random, WARMUP_OF_ALL, KEPT_OF_ALL, last
    )
    return in_weights(draws, coordinates), accepted


def in_weights(draws, coordinates):
    return np.array([coordinates.weights(positions) for positions in draws])


def require_known(error, sd_error):
    if error.max() > LARGEST_ERROR or sd_error.max() > LARGEST_SD_ERROR:
        raise SystemExit(f"the reference would be known to {error.max():.2f} sd and its sds to {100 * sd_error.max():.0f}% only")


def write_draws(out, draws, accepted, hessian, mode):
    per_chain = draws.transpose(1, 0, 2)
    flat = draws.reshape(-1, len(mode))
    spread = flat.std(0)
    # Of chains that are independent of each other.
    error = per_chain.mean(1).std(0) / np.sqrt(CHAINS) / spread
    squares = ((per_chain - flat.mean(0)) ** 2).mean(1)
    sd_error = squares.std(0) / np.sqrt(CHAINS) / spread**2 / 2
    require_known(error, sd_error)
    out.write_text(json.dumps({
        "method": "chains along a surrogate, accepted by the posterior (bench/peers/references.py)",
        "acceptance": accepted, "chains": CHAINS, "draws": KEPT_OF_ALL,
        "largestMeanError": error.max(), "largestSdError": sd_error.max(),
        "mean": flat.mean(0).tolist(), "sd": spread.tolist(), "mode": mode.tolist(), "laplaceSd": np.sqrt(np.diag(np.linalg.inv(hessian))).tolist(),
    }, indent=1) + "\n")
    print(out, "errors", error.max(), sd_error.max(), "acceptance", accepted)


def main():
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    random = np.random.default_rng(20)
    x, y, sds, names = read(folder)
    mode, hessian = find_mode(x, y, sds)
    rows = exact_rows(x, y, names)
    exact_x, exact_y = np.asarray(x[rows], float), y[rows]
    mean = 1 / (1 + np.exp(-exact_x @ mode))
    # What the quadratic part keeps: all curvature but that of the exact rows and of the prior.
    rest = hessian - np.diag(1 / sds**2) - (exact_x * (mean * (1 - mean))[:, None]).T @ exact_x
    pull = mode / sds**2 - exact_x.T @ (exact_y - mean)

    def density(weights):
        apart = weights - mode
        logits = weights @ exact_x.T
        value = logits @ exact_y - softplus(logits).sum(1) - 0.5 * ((weights / sds) ** 2).sum(1)
        return value + apart @ pull - 0.5 * (apart * (apart @ rest)).sum(1)

    def slope(weights):
        mean = 1 / (1 + np.exp(-(weights @ exact_x.T)))
        return (exact_y - mean) @ exact_x - weights / sds**2 + pull - (weights - mode) @ rest

    coordinates = Coordinates(mode, hessian, density, walls(x, y, names))
    inner = coordinates.density(density), coordinates.slope(slope)
    factor = np.eye(len(mode))
    draws, accepted, last = hamiltonian_draws(*inner, factor, random, WARMUP, KEPT)
    if coordinates.maps:
        factor, last = whitened_by(draws, last, factor)
        draws, accepted, last = hamiltonian_draws(*inner, factor, random, WARMUP, KEPT, last)
    draws = in_weights(draws, coordinates)
    per_chain = draws.transpose(1, 0, 2)
    flat = draws.reshape(-1, len(mode))
    picked = flat[random.choice(len(flat), WEIGHTED, replace=False)]
    logs = log_likelihood(x, y, picked) - 0.5 * ((picked / sds) ** 2).sum(1) - density(picked)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    effective = 1 / (weights**2).sum()
    if effective < 0.9 * WEIGHTED:
        write_draws(out, *draws_of_all(x, y, sds, slope, coordinates, factor, random, last), hessian, mode)
        return
    apart = weights - 1 / WEIGHTED
    center, spread = flat.mean(0), flat.std(0)
    z = (picked - center) / spread
    shift = apart @ z
    squares = 1 + apart @ (z**2 - 1) - shift**2
    estimated = center + spread * shift, spread * np.sqrt(squares)
    error = np.sqrt(((WEIGHTED * apart[:, None] * z) ** 2).mean(0) / WEIGHTED + per_chain.mean(1).var(0) / CHAINS / spread**2)
    sd_error = np.sqrt(
        ((WEIGHTED * apart[:, None] * (z**2 - 1)) ** 2).mean(0) / WEIGHTED / 4 + (per_chain.std(1) / spread).var(0) / CHAINS
    )
    require_known(error, sd_error)
    out.write_text(json.dumps({
        "method": "a surrogate's draws, weighted by the posterior (bench/peers/references.py)",
        "exactRows": len(rows), "acceptance": accepted, "effectiveWeights": effective, "weighted": WEIGHTED,
        "largestMeanError": error.max(), "largestSdError": sd_error.max(),
        "mean": estimated[0].tolist(), "sd": estimated[1].tolist(), "mode": mode.tolist(), "laplaceSd": np.sqrt(np.diag(np.linalg.inv(hessian))).tolist(),
    }, indent=1) + "\n")
    print(out, "weights", effective, "of", WEIGHTED, "errors", error.max(), sd_error.max(), "acceptance", accepted)


def published():
    given = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps({
        "method": given["source"], "mean": given["IDENTITY_MEAN"], "sd": given["IDENTITY_STANDARD_DEVIATION"],
    }, indent=1) + "\n")


if __name__ == "__main__":
    published() if sys.argv[1] == "--published" else main()
