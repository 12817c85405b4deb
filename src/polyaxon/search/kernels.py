"""How alike are two points? Stationary kernels of the scaled squared distance, with their derivatives.

A kernel maps r² (already divided by squared length scales) to k and dk/dr². Matérn kernels of half-integer order are
closed forms; another order, which a file may ask for, is tabulated once from the Bessel function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from polyaxon.search.cube import Array

__all__ = ["Kernel", "kernel_named"]

# r² → (k, dk / d(r²))
Kernel = Callable[[Array], tuple[Array, Array]]


def kernel_named(name: str, nu: float) -> Kernel:
    """The kernel of a file's `gaussianProcess`: `rbf`, or `matern` of order `nu`."""
    if name == "rbf":
        return _rbf
    closed = {0.5: _matern12, 1.5: _matern32, 2.5: _matern52}
    return closed.get(nu) or _matern_table(nu)


def _rbf(squares: Array) -> tuple[Array, Array]:
    value = np.exp(-0.5 * squares)
    return value, -0.5 * value


def _matern12(squares: Array) -> tuple[Array, Array]:
    distance = np.sqrt(squares)
    value = np.exp(-distance)
    return value, -0.5 * value / np.maximum(distance, 1e-8)


def _matern32(squares: Array) -> tuple[Array, Array]:
    scaled = np.sqrt(3.0 * squares)
    decay = np.exp(-scaled)
    return (1.0 + scaled) * decay, -1.5 * decay


def _matern52(squares: Array) -> tuple[Array, Array]:
    # In place: this is most of what a suggestion costs.
    scaled = np.sqrt(5.0 * squares)
    decay = np.exp(-scaled)
    scaled += 1.0
    scaled *= decay
    value = (5.0 / 3.0) * squares
    value *= decay
    value += scaled
    scaled *= -5.0 / 6.0
    return value, scaled


@lru_cache(maxsize=16)
def _matern_table(nu: float) -> Kernel:
    """Any order by interpolation in r (Rasmussen and Williams 2006, eq. 4.14)."""
    from scipy.special import gamma, kv

    radii = np.concatenate([[1e-6], np.linspace(1e-3, 4.0, 4000), np.linspace(4.0, 40.0, 2000)[1:]])
    z = np.sqrt(2 * nu) * radii
    front = 2.0 ** (1 - nu) / gamma(nu)
    values = front * z**nu * kv(nu, z)
    # d/dz [z^nu K_nu(z)] = -z^nu K_(nu-1)(z), and dz/d(r²) = sqrt(2 nu) / (2 r)
    slopes = -front * z**nu * kv(nu - 1, z) * np.sqrt(2 * nu) / (2 * radii)

    def matern(squares: Array) -> tuple[Array, Array]:
        distance = np.sqrt(squares)
        shape = squares.shape
        value = np.interp(distance.ravel(), radii, values, left=1.0, right=0.0)
        slope = np.interp(distance.ravel(), radii, slopes, right=0.0)
        return value.reshape(shape), slope.reshape(shape)

    return matern
