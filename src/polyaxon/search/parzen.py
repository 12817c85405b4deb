"""How likely is a point near these points? A mixture of product kernels over the cube, one per observation.

Gaussian kernels truncated to [0, 1] on numeric columns (cell masses where the column has few levels), Aitchison and
Aitken's kernel on unordered ones. A NaN coordinate, of a parameter that a trial did not have, is uniform in
that column; so is a whole row of NaN, which is how the prior takes part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from polyaxon.search.cube import Array, Cube

__all__ = ["Parzen"]

# Columns of more levels than this are smooth for all that matters.
_FEW = 64


class Parzen:
    """A mixture with one kernel per row of `centres`, weighted by `weights`."""

    def __init__(self, cube: Cube, centres: Array, weights: Array, widths: Array, slip: Array) -> None:
        """`widths` are the bandwidths of the numeric columns, `slip` the chance of another level of the rest."""
        self._cube = cube
        self._centres = centres
        self._log_weights = np.log(weights)
        self._edges = np.cumsum(weights / weights.sum())
        few = (cube.cells > 0) & (cube.cells <= _FEW)
        self._few = np.flatnonzero(few)
        self._smooth = np.flatnonzero((cube.categories == 0) & ~few)
        self._numeric = np.flatnonzero(cube.categories == 0)
        self._widths = widths
        self._slip = slip
        self._missing = np.isnan(centres)
        self._any_missing = bool(self._missing.any())
        if self._numeric.size:
            middle = np.where(self._missing, 0.5, centres)[:, self._numeric]
            scale = widths[self._numeric]
            self._low = ndtr(-middle / scale)
            self._high = ndtr((1 - middle) / scale)

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        """`count` points drawn from the mixture, not yet snapped to cells."""
        cube = self._cube
        rows = np.minimum(np.searchsorted(self._edges, generator.random(count), side="right"), len(self._edges) - 1)
        uniform = generator.random((count, cube.dimensions))
        points = np.empty((count, cube.dimensions))
        centres = self._centres[rows]
        if self._numeric.size:
            low, high = self._low[rows], self._high[rows]
            share = low + uniform[:, self._numeric] * (high - low)
            drawn = centres[:, self._numeric] + self._widths[self._numeric] * ndtri(share)
            points[:, self._numeric] = np.clip(drawn, 0.0, 1.0)
        for column in cube.categorical.tolist():
            levels = int(cube.categories[column])
            slipped = uniform[:, column] < self._slip[column]
            other = np.floor(uniform[:, column] / self._slip[column] * levels)
            points[:, column] = np.where(slipped, np.minimum(other, levels - 1), centres[:, column])
        if self._any_missing:
            holes = self._missing[rows]
            points[holes] = cube.spread(generator.random((count, cube.dimensions)))[holes]
        return points

    def log_density(self, points: Array) -> Array:
        """The log density of each point with respect to the cube's own measure, up to a constant per column."""
        scores = np.broadcast_to(self._log_weights, (len(points), len(self._centres))).copy()
        if self._smooth.size:
            scores += self._smooth_terms(points)
        for column in self._few.tolist():
            scores += self._cell_terms(points, column)
        for column in self._cube.categorical.tolist():
            scores += self._level_terms(points, column)
        top = scores.max(axis=1)
        result: Array = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
        return result

    def _smooth_terms(self, points: Array) -> Array:
        """Σ ((x - c) / w)² over the columns that both have, as products of matrices."""
        columns = self._smooth
        scale = self._widths[columns]
        place = np.searchsorted(self._numeric, columns)
        norms = np.log(scale * np.sqrt(2 * np.pi) * (self._high[:, place] - self._low[:, place]))
        here, there = points[:, columns] / scale, self._centres[:, columns] / scale
        if not (self._any_missing or np.isnan(here).any()):
            squares = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1) - 2.0 * (here @ there.T)
            return np.asarray(-0.5 * squares - norms.sum(axis=1))
        # What a point or a kernel does not have tells nothing about it.
        mine, theirs = ~np.isnan(here), ~self._missing[:, columns]
        here, there = np.where(mine, here, 0.0), np.where(theirs, there, 0.0)
        squares = (here**2) @ theirs.T + mine @ (there**2).T - 2.0 * (here @ there.T)
        return np.asarray(-0.5 * squares - mine @ np.where(theirs, norms, 0.0).T)

    def _cell_terms(self, points: Array, column: int) -> Array:
        """Masses of the cells; kernels sit in the middle of cells, so a table of cell by cell serves all of them."""
        cells = int(self._cube.cells[column])
        edges = np.arange(cells + 1) / cells
        cumulative = ndtr((edges - (edges[:-1, None] + 0.5 / cells)) / self._widths[column])
        mass = np.diff(cumulative, axis=1) / (cumulative[:, -1:] - cumulative[:, :1])
        # The last row and column are those of what is absent, which tells nothing.
        table = np.zeros((cells + 1, cells + 1))
        table[:-1, :-1] = np.log(np.maximum(mass, 1e-300) * cells)
        here, there = _cells_of(points[:, column], cells), _cells_of(self._centres[:, column], cells)
        terms: Array = table.T[here].take(there, axis=1)
        return terms

    def _level_terms(self, points: Array, column: int) -> Array:
        levels, slip = int(self._cube.categories[column]), float(self._slip[column])
        same = points[:, column][:, None] == self._centres[:, column][None, :]
        terms = np.full(same.shape, float(np.log(slip)))
        terms[same] = np.log((1 - slip) * levels + slip)
        terms[:, self._missing[:, column]] = 0.0
        terms[np.isnan(points[:, column])] = 0.0
        return terms


def _cells_of(values: Array, cells: int) -> NDArray[np.intp]:
    """The numbers of cells; `cells` itself where there is no value."""
    numbers = np.minimum(values * cells, cells - 1)
    numbers[np.isnan(values)] = cells
    return numbers.astype(np.intp)
