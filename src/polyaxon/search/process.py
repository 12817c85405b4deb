"""What does a Gaussian process believe about the objective, given the trials?

One length scale per column (ARD), unordered columns compared by equality, a noise term and a constant mean; the
scale of the objective and the mean are integrated in closed form, so that only length scales and noise are searched.
They maximise the marginal likelihood times weak priors, by a bounded quasi-Newton search from fixed
starting points: the result is a pure function of the data. Notation of Rasmussen and Williams, "Gaussian
Processes for Machine Learning", 2006, chapters 2 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize

from polyaxon.model.record import dataclass
from polyaxon.search.cube import Array, Mask
from polyaxon.search.kernels import Kernel

__all__ = ["Evidence", "Posterior", "fit", "gaps", "posterior"]

_JITTER = 1e-8
# The prior of a length scale is log-normal and grows with the dimension, as in C. Hvarfner et al., "Vanilla Bayesian
# optimization performs great in high dimensions", ICML 2024, but tighter, for the few trials of a search.
_LENGTH_CENTRE, _LENGTH_SPREAD = np.log(0.5), 1.0
_NOISE_PEAK, _NOISE_SPREAD = np.log(1e-4), 2.0
_LOG_BOUNDS = (np.log(0.01), np.log(30.0))
_NOISE_BOUNDS = (np.log(1e-7), np.log(0.5))


@dataclass(frozen=True)
class Posterior:
    """A fitted process: `mean_and_variance` at new points, in the units of the values it was given."""

    points: Array
    categorical: Mask  # mask of the columns compared by equality
    kernel: Kernel
    inverse_squares: Array  # 1 / length scale², per column
    noise: float
    scale: float
    mean: float
    chol: Array
    alpha: Array

    def mean_and_variance(self, points: Array) -> tuple[Array, Array]:
        """At each row of `points`; the variance is that of the function, without noise."""
        cross, _ = self.kernel(self.squares(points))
        solved, _ = lapack.dtrtrs(self.chol, cross.T, lower=1)
        variance = self.scale * np.maximum(1e-12, 1.0 - np.einsum("ij,ij->j", solved, solved))
        return self.mean + cross @ self.alpha, variance

    def with_gradient(self, points: Array) -> tuple[Array, Array, Array, Array]:
        """Mean and variance at each row, and their gradients with respect to it (zero in unordered columns)."""
        values, slopes = self.kernel(self.squares(points))
        half, _ = lapack.dtrtrs(self.chol, values.T, lower=1)
        weights, _ = lapack.dtrtrs(self.chol, half, lower=1, trans=1)
        variance = self.scale * np.maximum(1e-12, 1.0 - np.einsum("ij,ij->j", half, half))
        factor = np.where(self.categorical, 0.0, 2.0 * self.inverse_squares)
        # d r² / dx = 2 (x - x_i) / l², summed over the known points with their weights.
        towards_mean, towards_variance = slopes * self.alpha, slopes * weights.T
        mean_slope = factor * (points * towards_mean.sum(1)[:, None] - towards_mean @ self.points)
        variance_slope = factor * (points * towards_variance.sum(1)[:, None] - towards_variance @ self.points)
        return self.mean + values @ self.alpha, variance, mean_slope, -2.0 * self.scale * variance_slope

    def squares(self, points: Array) -> Array:
        """Scaled squared distances between new points and the known ones."""
        weights = np.where(self.categorical, 0.0, self.inverse_squares)
        root = np.sqrt(weights)
        new, old = points * root, self.points * root
        total = (new**2).sum(axis=1)[:, None] + (old**2).sum(axis=1)[None, :] - 2.0 * (new @ old.T)
        for column in np.flatnonzero(self.categorical).tolist():
            differs = points[:, column][:, None] != self.points[:, column][None, :]
            total += differs * self.inverse_squares[column]
        result: Array = np.maximum(total, 0.0)
        return result


def gaps(points: Array, categorical: Mask) -> Array:
    """Squared differences per column: (columns, rows, rows)."""
    columns = points.T
    found = (columns[:, :, None] - columns[:, None, :]) ** 2
    found[categorical] = found[categorical] > 0
    return found


def fit(points: Array, values: Array, categorical: Mask, kernel: Kernel, starts: Sequence[Array], steps: int) -> Array:
    """The logarithms of the length scales, and last of the noise, most probable given the data."""
    evidence = Evidence(points, values, categorical, kernel)
    bounds = [_LOG_BOUNDS] * points.shape[1] + [_NOISE_BOUNDS]
    best_theta, best_loss = starts[0], np.inf
    for start in starts:
        found = minimize(
            evidence, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps, "maxfun": steps}
        )
        if found.fun < best_loss:
            best_theta, best_loss = found.x, float(found.fun)
    return best_theta


def posterior(
    points: Array, values: Array, categorical: Mask, kernel: Kernel, theta: Array, scale: float | None = None
) -> Posterior:
    """The process with these hyperparameters; `scale` is the most probable one unless given."""
    inverse = np.exp(-2.0 * theta[:-1])
    count = len(points)
    squares = np.tensordot(inverse, gaps(points, categorical), axes=1)
    matrix, _ = kernel(squares)
    matrix[np.diag_indices(count)] += np.exp(theta[-1]) + _JITTER
    chol, _ = lapack.dpotrf(matrix, lower=1)
    mean, alpha, power = _solve(chol, values)
    amplitude = (power + 2.0) / (count + 2.0) if scale is None else scale
    return Posterior(points, categorical, kernel, inverse, float(np.exp(theta[-1])), amplitude, mean, chol, alpha)


def _solve(chol: Array, values: Array) -> tuple[float, Array, float]:
    """The generalised least-squares mean, K⁻¹(y - mean), and (y - mean)ᵀK⁻¹(y - mean)."""
    both, _ = lapack.dpotrs(chol, np.stack([values, np.ones(len(values))], axis=1), lower=1)
    mean = float(both[:, 0].sum() / both[:, 1].sum())
    alpha = both[:, 0] - mean * both[:, 1]
    return mean, alpha, float((values - mean) @ alpha)


class Evidence:
    """How improbable hyperparameters are, given the data.

    Asked some twenty times for every suggestion, so it works in place. Its matrices are symmetric with a known
    diagonal: the half below it is enough, and is all that LAPACK reads and writes.
    """

    def __init__(self, points: Array, values: Array, categorical: Mask, kernel: Kernel) -> None:
        self._values = values
        self._kernel = kernel
        count, columns = points.shape
        self._rows, self._columns = np.tril_indices(count, -1)
        self._gaps = np.ascontiguousarray(gaps(points, categorical)[:, self._rows, self._columns])
        self._cells = np.zeros(count * count)
        self._matrix = self._cells.reshape((count, count), order="F")  # the order that LAPACK works on in place
        self._diagonal = self._cells[:: count + 1]
        self._below = self._rows + self._columns * count
        self._centre = float(_LENGTH_CENTRE + 0.5 * np.log(columns))

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """The negative log posterior of the hyperparameters and its gradient (eq. 5.9, the scale profiled out)."""
        count = len(self._values)
        inverse, noise = np.exp(-2.0 * theta[:-1]), np.exp(theta[-1])
        alike, slopes = self._kernel(inverse @ self._gaps)
        self._cells[self._below] = alike
        self._diagonal[:] = 1.0 + noise + _JITTER
        _, failed = lapack.dpotrf(self._matrix, lower=1, clean=0, overwrite_a=1)
        if failed:
            return 1e10, np.zeros_like(theta)
        _, alpha, power = _solve(self._matrix, self._values)
        scale = (power + 2.0) / (count + 2.0)  # an inverse-gamma prior around 1: values are standardised
        loss = 0.5 * (count + 2.0) * np.log(scale) + np.log(self._diagonal).sum()
        lapack.dpotri(self._matrix, lower=1, overwrite_c=1)
        # dloss = tr((K⁻¹ - ααᵀ/scale) dK) / 2; dK is symmetric with a zero diagonal for length scales, so the half
        # below the diagonal counts twice.
        slopes *= self._cells[self._below] - alpha.take(self._rows) * alpha.take(self._columns) / scale
        gradient = np.empty_like(theta)
        gradient[:-1] = -2.0 * (self._gaps @ slopes) * inverse
        gradient[-1] = 0.5 * (self._diagonal.sum() - float(alpha @ alpha) / scale) * noise
        length_gap, noise_gap = theta[:-1] - self._centre, theta[-1] - _NOISE_PEAK
        loss += 0.5 * (length_gap**2).sum() / _LENGTH_SPREAD**2 + 0.5 * noise_gap**2 / _NOISE_SPREAD**2
        gradient[:-1] += length_gap / _LENGTH_SPREAD**2
        gradient[-1] += noise_gap / _NOISE_SPREAD**2
        return float(loss), gradient
