"""How is a distribution parameter drawn? Each law is its quantile function and the inverse.

`quantile` maps [0, 1) to values, so that a hash, a Sobol point and a model's unit cube all mean the same thing.
The q-kinds round truly (`round(x / q) * q`), and a bounded law never leaves its bounds by rounding.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from polyaxon.model.record import dataclass

__all__ = ["Law", "rounded"]

# Quantiles of unbounded laws stop here: a draw of exactly 0 must not be infinite.
_TINY = 2.0**-40


@dataclass(frozen=True, slots=True)
class Law:
    """`base` is uniform or normal, of x itself or (`log`) of log x; `q` is the rounding step, 0 for none.

    `first` and `second` are low and high, or loc and scale, in log space where `log` is set.
    """

    base: str
    log: bool
    first: float
    second: float
    q: float = 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and largest value before rounding; infinite for the normal kinds."""
        low, high = (self.first, self.second) if self.base == "uniform" else (-math.inf, math.inf)
        if not self.log:
            return low, high
        return (math.exp(low) if low > -math.inf else 0.0), (math.exp(high) if high < math.inf else math.inf)

    def quantile(self, u: float) -> float:
        """The value below which a share `u` of the draws fall."""
        if self.base == "uniform":
            x = self.first + (self.second - self.first) * u
        else:
            x = self.first + self.second * _inverse_normal(min(1 - _TINY, max(_TINY, u)))
        x = math.exp(x) if self.log else x
        return rounded(x, self.q, *self.bounds) if self.q else x

    def cumulative(self, value: Any) -> float | None:
        """The share of draws below `value`, within [0, 1]; None when it is no number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            return None
        x = float(value)
        if self.log:
            if x <= 0:
                return 0.0
            x = math.log(x)
        if self.base == "uniform":
            width = self.second - self.first
            return min(1.0, max(0.0, (x - self.first) / width)) if width else 0.5
        if not self.second:
            return 0.5
        return 0.5 * math.erfc((self.first - x) / (self.second * math.sqrt(2)))

    def multiples(self, limit: int) -> tuple[list[float], list[float]] | None:
        """The values of a bounded q-kind with their probabilities; None when unbounded or above `limit`."""
        if not self.q or self.base != "uniform":
            return None
        low, high = self.bounds
        start, stop = math.floor(low / self.q), math.ceil(high / self.q)
        if stop - start > limit:
            return None
        shares: dict[float, float] = {}
        for multiple in range(start, stop + 1):
            value = rounded(multiple * self.q, self.q, low, high)
            left = self.cumulative((multiple - 0.5) * self.q) or 0.0
            right = self.cumulative((multiple + 0.5) * self.q) or 0.0
            shares[value] = shares.get(value, 0.0) + max(0.0, right - left)
        kept = {value: share for value, share in shares.items() if share > 0} or {self.quantile(0.5): 1.0}
        return list(kept), list(kept.values())


def rounded(x: float, q: float, low: float = -math.inf, high: float = math.inf) -> float:
    """The multiple of `q` nearest to x, moved inside [low, high] when the bounds hold any multiple."""
    multiple = round(x / q)
    slack = 1e-9
    if high < math.inf and multiple * q > high + slack * abs(high):
        inner = math.floor(high / q + slack)
        multiple = inner if inner * q >= low - slack * abs(low) else multiple
    if low > -math.inf and multiple * q < low - slack * abs(low):
        inner = math.ceil(low / q - slack)
        multiple = inner if inner * q <= high + slack * abs(high) else multiple
    # As many decimals as q itself was written with: 0.3 rather than 0.30000000000000004.
    return round(multiple * q, _decimals(q)) + 0.0


@lru_cache(maxsize=256)
def _decimals(q: float) -> int:
    text = repr(q)
    digits, _, exponent = text.partition("e")
    return max(0, len(digits.partition(".")[2]) - int(exponent or 0))


def _inverse_normal(u: float) -> float:
    from statistics import NormalDist  # slow to import, and few searches need it

    return NormalDist().inv_cdf(u)
