"""How promising is a point? Acquisition functions of a process's mean and deviation; losses, so less is better.

Each gives, for arrays of means and deviations, its value and its derivatives by mean and by deviation. Expected
improvement is computed in the log domain (S. Ament et al., "Unexpected improvements to expected improvement for
Bayesian optimization", NeurIPS 2023): its gradient does not vanish where improvement is unlikely.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import erfcx, log_ndtr

from polyaxon.search.cube import Array

__all__ = ["Acquisition", "confidence_bound", "log_expected_improvement", "log_improvement_probability"]

# (mean, deviation) → (value, d value / d mean, d value / d deviation)
Acquisition = Callable[[Array, Array], tuple[Array, Array, Array]]

_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)
_HALF_LOG_HALF_PI = 0.5 * np.log(np.pi / 2)


def log_expected_improvement(best: float, eps: float) -> Acquisition:
    """log E[max(0, best - eps - f)]."""

    def score(mean: Array, deviation: Array) -> tuple[Array, Array, Array]:
        z = (best - eps - mean) / deviation
        log_h = _log_h(z)
        by_mean = -np.exp(log_ndtr(z) - log_h) / deviation
        by_deviation = np.exp(-0.5 * z * z - _HALF_LOG_2PI - log_h) / deviation
        return log_h + np.log(deviation), by_mean, by_deviation

    return score


def log_improvement_probability(best: float, eps: float) -> Acquisition:
    """log P(f < best - eps)."""

    def score(mean: Array, deviation: Array) -> tuple[Array, Array, Array]:
        z = (best - eps - mean) / deviation
        value = log_ndtr(z)
        slope = np.exp(-0.5 * z * z - _HALF_LOG_2PI - value)
        return value, -slope / deviation, -slope * z / deviation

    return score


def confidence_bound(kappa: float) -> Acquisition:
    """kappa deviations below the mean, as a gain."""

    def score(mean: Array, deviation: Array) -> tuple[Array, Array, Array]:
        return kappa * deviation - mean, -np.ones_like(mean), np.full_like(mean, kappa)

    return score


def _log_h(z: Array) -> Array:
    """log(φ(z) + z Φ(z)) without cancellation."""
    result = np.empty_like(z)
    easy = z > -1.0
    near = z[easy]
    result[easy] = np.log(np.exp(-0.5 * near**2 - _HALF_LOG_2PI) + near * np.exp(log_ndtr(near)))
    far = z[~easy]
    # z Φ(z) / φ(z) = -|z| √(π/2) erfcx(|z| / √2), which tends to -1; its complement to 1 is 1/z² at large |z|.
    share = np.exp(np.log(np.abs(far)) + _HALF_LOG_HALF_PI) * erfcx(-far / np.sqrt(2))
    rest = np.where(far < -1e3, 1.0 / np.maximum(far * far, 1.0), 1.0 - np.minimum(share, 1.0))
    result[~easy] = -0.5 * far**2 - _HALF_LOG_2PI + np.log(np.maximum(rest, 1e-300))
    return result
