"""Where should a search begin? At the points of a scrambled Sobol sequence, which leave no large hole.

Point number i is computed from its number. Direction numbers: S. Joe and F. Y. Kuo, "Constructing Sobol sequences
with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), the first 21 dimensions; what a space
has beyond them is drawn independently. Scrambling is a random digital shift after a random linear map
(J. Matoušek, "On the L2-discrepancy for anchored boxes", J. Complexity 14 (1998)).
"""

from __future__ import annotations

from functools import lru_cache

from polyaxon.search.draw import mixed, unit

__all__ = ["sobol_point"]

_BITS = 30
# (coefficients of the primitive polynomial, initial direction numbers) for dimensions 2, 3, …
_DIRECTIONS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (0, (1,)),
    (1, (1, 3)),
    (1, (1, 3, 1)),
    (2, (1, 1, 1)),
    (1, (1, 1, 3, 3)),
    (4, (1, 3, 5, 13)),
    (2, (1, 1, 5, 5, 17)),
    (4, (1, 1, 5, 5, 5)),
    (7, (1, 1, 7, 11, 19)),
    (11, (1, 1, 5, 1, 1)),
    (13, (1, 1, 1, 3, 11)),
    (14, (1, 3, 5, 5, 31)),
    (1, (1, 3, 3, 9, 7, 49)),
    (13, (1, 1, 1, 15, 21, 21)),
    (16, (1, 3, 1, 13, 27, 49)),
    (19, (1, 1, 1, 15, 7, 5)),
    (22, (1, 3, 1, 15, 13, 25)),
    (25, (1, 1, 5, 5, 19, 61)),
    (1, (1, 3, 7, 11, 23, 15, 103)),
    (4, (1, 3, 7, 13, 13, 15, 69)),
)


def sobol_point(index: int, dimensions: int, seed: int) -> list[float]:
    """Point number `index` of the sequence scrambled by `seed`, in [0, 1) to the power of `dimensions`."""
    gray = index ^ (index >> 1)
    return [_coordinate(gray, index, dimension, seed) for dimension in range(dimensions)]


def _coordinate(gray: int, index: int, dimension: int, seed: int) -> float:
    if dimension > len(_DIRECTIONS) or index >> _BITS:
        return unit(seed, dimension, index)
    columns, shift = _scrambled(dimension, seed)
    value, place = shift, 0
    while gray:
        if gray & 1:
            value ^= columns[place]
        gray >>= 1
        place += 1
    # The low bits of the shift make the coordinate a continuous variable.
    return (value + unit(seed, dimension, index, 1)) / 2.0**_BITS


@lru_cache(maxsize=512)
def _scrambled(dimension: int, seed: int) -> tuple[tuple[int, ...], int]:
    """Direction numbers after a random lower-triangular map of their digits, and the digital shift."""
    rows = []
    for row in range(_BITS):  # row 0 is the most significant digit and depends on itself alone
        above = mixed(seed, dimension, 2, row) & ((1 << row) - 1)
        rows.append((above << (_BITS - row)) | (1 << (_BITS - 1 - row)))
    columns = []
    for column in _plain(dimension):
        digits = 0
        for row in rows:
            digits = digits << 1 | ((row & column).bit_count() & 1)
        columns.append(digits)
    return tuple(columns), mixed(seed, dimension, 3) & ((1 << _BITS) - 1)


@lru_cache(maxsize=32)
def _plain(dimension: int) -> tuple[int, ...]:
    """The direction numbers of one dimension, as `_BITS`-bit fractions."""
    if dimension == 0:
        return tuple(1 << (_BITS - 1 - place) for place in range(_BITS))
    polynomial, initial = _DIRECTIONS[dimension - 1]
    degree = len(initial)
    numbers = [value << (_BITS - 1 - place) for place, value in enumerate(initial)]
    for place in range(degree, _BITS):
        number = numbers[place - degree] ^ (numbers[place - degree] >> degree)
        for term in range(1, degree):
            if polynomial >> (degree - 1 - term) & 1:
                number ^= numbers[place - term]
        numbers.append(number)
    return tuple(numbers)
