"""How do models see a space? As a matrix: one column per parameter that varies.

Numbers, dates and laws are positions in [0, 1]; an unordered parameter is the number of its level, and models
compare such columns for equality only. Columns of parameters with a single value are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyaxon.search.levels import key_of
from polyaxon.search.space import Parameter, Space

__all__ = ["Array", "Cube", "Mask"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Cube:
    """The columns of a space (repeated values removed) and the way there and back."""

    def __init__(self, space: Space) -> None:
        self.space = space.unique
        self.parameters: tuple[Parameter, ...] = tuple(
            parameter for parameter in self.space.parameters if parameter.count != 1
        )
        self._found: dict[tuple[int, frozenset[Any]], Mask] = {}
        self._fixed = {p.name: p.quantile(0.5) for p in self.space.parameters if p.count == 1}
        self.dimensions = len(self.parameters)
        self.categories = np.array([0 if p.ordered else p.count or 0 for p in self.parameters], dtype=np.int64)
        self.cells = np.array([(p.count or 0) if p.ordered else 0 for p in self.parameters], dtype=np.int64)

    @cached_property
    def categorical(self) -> NDArray[np.intp]:
        """Columns that hold level numbers."""
        return np.flatnonzero(self.categories > 0)

    @cached_property
    def stepped(self) -> NDArray[np.intp]:
        """Columns of ordered levels."""
        return np.flatnonzero(self.cells > 0)

    @cached_property
    def smooth(self) -> NDArray[np.intp]:
        """Columns of laws."""
        return np.flatnonzero((self.cells == 0) & (self.categories == 0))

    @cached_property
    def _rounded(self) -> list[tuple[int, Parameter]]:
        """Columns of laws that round: too many values for levels, yet not smooth."""
        return [(c, self.parameters[c]) for c in self.smooth.tolist() if self.parameters[c].real.q]

    def encode(self, rows: Sequence[Mapping[str, Any]]) -> Array:
        """Params → points; NaN where a parameter is missing or its value foreign."""
        points = np.empty((len(rows), self.dimensions))
        for column, parameter in enumerate(self.parameters):
            name = parameter.name
            shares = _shares(parameter, rows) if parameter.levels is None else None
            if shares is not None:
                points[:, column] = shares
                continue
            if parameter.ordered:
                place = parameter.position
                found = [place(row[name]) if name in row else None for row in rows]
            elif parameter.levels is not None:
                number = parameter.levels.position
                found = [number(row[name]) if name in row else None for row in rows]
            points[:, column] = [np.nan if value is None else value for value in found]
        return points

    def decode(self, point: Array) -> dict[str, Any]:
        """A point → params, in declared order."""
        chosen = dict(self._fixed)
        for parameter, value in zip(self.parameters, point.tolist(), strict=True):
            if value != value:  # NaN: it takes no part
                continue
            if parameter.ordered:
                chosen[parameter.name] = parameter.at(value)
            elif parameter.levels is not None:
                chosen[parameter.name] = parameter.levels[int(value)]
        return self.space.active(chosen) if self.space.is_conditional else {n: chosen[n] for n in self.space.names}

    def spread(self, uniform: Array) -> Array:
        """Points of the unit cube → points of this one: level numbers in unordered columns, cells elsewhere.

        Parameters that take no part keep a value here; `snap` takes it from them.
        """
        points = np.array(uniform, dtype=np.float64)
        for column in self.categorical.tolist():
            weights = self.parameters[column].weights
            if weights is None:
                points[:, column] = np.floor(points[:, column] * self.categories[column])
            else:
                edges = np.cumsum(weights)[:-1]
                points[:, column] = np.searchsorted(edges, points[:, column], side="right")
        return self._placed(points)

    def snap(self, points: Array) -> Array:
        """Move every point to the middle of its cell, so that models score what will really run; NaN for what takes no
        part."""
        points = self._placed(points)
        if self.space.is_conditional:
            points[~self.taking_part(points)] = np.nan
        return points

    def taking_part(self, points: Array) -> Mask:
        """Which parameters each of the points really has."""
        columns = {parameter.name: column for column, parameter in enumerate(self.parameters)}
        active: dict[str, Mask] = {}
        result = np.ones(points.shape, dtype=bool)
        for parameter in self.space.parameters:
            here = np.ones(len(points), dtype=bool)
            for name, keys in parameter.when:
                here &= active[name] & self._has(points, columns.get(name), name, keys)
            active[parameter.name] = here
            if parameter.name in columns:
                result[:, columns[parameter.name]] = here
        return result

    def _has(self, points: Array, column: int | None, name: str, keys: frozenset[Any]) -> Mask:
        """Where a parameter has one of these values."""
        if column is None:
            return np.full(len(points), key_of(self._fixed[name]) in keys)
        allowed = self._allowed(column, keys)
        numbers = points[:, column] * (int(self.cells[column]) or 1)
        numbers[np.isnan(numbers)] = 0.0
        return np.asarray(allowed[np.clip(numbers.astype(np.intp), 0, len(allowed) - 1)])

    def _allowed(self, column: int, keys: frozenset[Any]) -> Mask:
        """Which levels are among these values."""
        if (column, keys) not in self._found:
            levels = self.parameters[column].levels or ()
            self._found[column, keys] = np.array([key_of(levels[place]) in keys for place in range(len(levels))])
        return self._found[column, keys]

    def _placed(self, points: Array) -> Array:
        points = np.array(points, dtype=np.float64)
        numeric = self.categories == 0
        points[:, numeric] = np.clip(points[:, numeric], 0.0, 1.0)
        if self.stepped.size:
            cells = self.cells[self.stepped]
            place = np.minimum(np.floor(points[:, self.stepped] * cells), cells - 1)
            points[:, self.stepped] = (place + 0.5) / cells
        for column, parameter in self._rounded:
            values = points[:, column].tolist()
            points[:, column] = [
                value if value != value else parameter.position(parameter.at(value)) or 0.0 for value in values
            ]
        return points

    @cached_property
    def everything(self) -> Array:
        """All points of a finite space, in grid order."""
        if self.space.is_conditional:
            return self.encode([self.space.branches.at(index) for index in range(self.space.size or 0)])
        axes = [
            np.arange(count, dtype=np.float64) if unordered else (np.arange(cells) + 0.5) / cells
            for count, cells, unordered in zip(
                self.categories.tolist(), self.cells.tolist(), (self.categories > 0).tolist(), strict=True
            )
        ]
        if not axes:
            return np.zeros((1, 0))
        return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)


def _shares(parameter: Parameter, rows: Sequence[Mapping[str, Any]]) -> Array | None:
    """`position` of a law for many rows at once; None when some value is no number and needs a closer look."""
    law = parameter.real
    try:
        values = np.array([row.get(parameter.name) for row in rows], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if law.log:
        values = np.log(np.maximum(values, 1e-300))
    if law.base == "uniform":
        width = law.second - law.first
        return np.clip((values - law.first) / width, 0.0, 1.0) if width else np.where(np.isnan(values), np.nan, 0.5)
    from scipy.special import ndtr

    return np.asarray(ndtr((values - law.first) / law.second)) if law.second else None
