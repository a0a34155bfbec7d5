"""The noun `Quantity`: a number to judge by, with its value under any weighting of the units, and its interval.

Most are a `Ratio` of two sums over units: a mean has ones (0 for a unit without a value) below, a ratio the sums it is
of. Thousands of weightings of many of them are then one matrix product. What is no sum (an area under a curve) is a
function of weights, such as `scored.Weighed`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from dl_core.evaluate.formulas import divide

LEVEL = 0.95
Key = TypeVar("Key", bound=Hashable)


class Estimate(NamedTuple):
    """A number with its interval and the count of units that it stands on; NaN where not defined."""

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, quantity: Quantity, drawn: np.ndarray) -> Estimate:
        """Return a quantity with what its resampled values (r,) tell of it."""
        return cls(quantity.value, *quantity.interval(drawn), quantity.n)

    def as_dict(self) -> dict[str, float | int | None]:
        """Return plain JSON, None where not defined."""
        ends = {name: float(one) for name, one in zip(("value", "low", "high"), self[:3], strict=True)}
        return {**{name: None if np.isnan(one) else one for name, one in ends.items()}, "n": self.n}


class Quantity(ABC):
    """A number to judge by."""

    @property
    def rows(self) -> np.ndarray | None:
        """Positions among all units of those that it stands on; None for all."""
        return None

    @property
    @abstractmethod
    def value(self) -> float:
        """The number itself; NaN where it is not defined."""

    @property
    @abstractmethod
    def n(self) -> int:
        """Units that it stands on."""

    @abstractmethod
    def resampled(self, weights: np.ndarray) -> np.ndarray:
        """Return the number (r,) under each row of ``weights`` (r, n) of its ``rows``."""

    @abstractmethod
    def within(self, inside: np.ndarray) -> Quantity:
        """Return the number for the units ``inside`` (n,) bool only."""

    @abstractmethod
    def interval(self, drawn: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval from resampled values (r,)."""


@dataclass(frozen=True, eq=False)
class Ratio(Quantity):
    """The ratio of two sums over units: ``above`` (n,) over ``below`` (n,); of tables (n, p) the mean of p ratios.

    ``bounds`` clip its interval; ``share`` says that every unit's value lies in 0…1, so that an interval of nothing but
    0 or 1 is widened to what so few units can tell.
    """

    above: np.ndarray
    below: np.ndarray
    bounds: tuple[float, float] = (-np.inf, np.inf)
    share: bool = False

    @property
    def value(self) -> float:
        """The number itself; NaN where no unit has a value."""
        return float(np.mean(divide(self.above.sum(axis=0), self.below.sum(axis=0))))

    @property
    def known(self) -> np.ndarray:
        """Which units (n,) have a value."""
        return (self.below if self.below.ndim == 1 else self.below[:, 0]) > 0

    @property
    def n(self) -> int:
        """Units with a value."""
        return int(self.known.sum())

    def resampled(self, weights: np.ndarray) -> np.ndarray:
        """Return the number (r,) under each row of ``weights`` (r, n)."""
        return divide(weights @ self.above, weights @ self.below).reshape(len(weights), -1).mean(axis=1)

    def within(self, inside: np.ndarray) -> Ratio:
        """Return the ratio for units ``inside`` only; the others stay in the draws without a value."""
        keep = inside.astype(float).reshape(-1, *[1] * (self.above.ndim - 1))
        return Ratio(self.above * keep, self.below * keep, self.bounds, self.share)

    def interval(self, drawn: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval from resampled values; NaN for fewer than two units that are no clear 0 or 1."""
        low, high = percentile(drawn, level)
        if self.share:
            low, high = exact_ends(low, high, self.n, level)
        if self.n < 2 and low == high:
            return float("nan"), float("nan")
        return float(np.clip(low, *self.bounds)), float(np.clip(high, *self.bounds))


def mean_of(values: np.ndarray, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Ratio:
    """Return the mean of ``values`` (n,) that are not NaN."""
    known = ~np.isnan(values)
    return Ratio(np.where(known, values, 0.0), known.astype(float), bounds, bounds == (0.0, 1.0))


def percentile(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of resampled values; NaN where fewer than half of them are defined.

    Examples
    --------
    >>> percentile(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    known = values[~np.isnan(values)]
    if len(known) * 2 < len(values) or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def exact_ends(low: float, high: float, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Return an interval, or where it is a mere 0 or 1 out of ``trials`` the exact binomial one.

    There every resample agrees and would claim certainty (Clopper and Pearson 1934).
    """
    if trials and low == high and low in (0.0, 1.0):
        bound = ((1 - level) / 2) ** (1 / trials)
        return (bound, 1.0) if low == 1.0 else (0.0, 1 - bound)
    return low, high


def resample(quantities: Mapping[Key, Quantity], draws: Iterable[np.ndarray]) -> dict[Key, np.ndarray]:
    """Return the resampled values (r,) of every quantity, by its key, under the same ``draws`` (blocks (r, n)).

    All must stand on the same units in the same order; resample i holds the same units for all of them, so that the
    difference of two entries is a paired one. Values that a resample leaves undefined are NaN.
    """
    sums = {key: one for key, one in quantities.items() if isinstance(one, Ratio)}
    tables = _sum_tables(list(sums.values()))
    others: dict[int, list[Key]] = {}  # by the rows they stand on, so that these are taken out once for all
    for key, one in quantities.items():
        if key not in sums:
            others.setdefault(id(one.rows), []).append(key)
    found: dict[Key, list[np.ndarray]] = {key: [] for key in quantities}
    for weights in draws if quantities else ():
        if sums:
            values = divide(weights @ tables.above, (weights @ tables.below)[:, tables.place])
            for key, span in zip(sums, tables.spans, strict=True):
                found[key].append(values[:, span].mean(axis=1))
        for keys in others.values():
            rows = quantities[keys[0]].rows
            own = weights if rows is None else np.take(weights, rows, axis=1)
            for key in keys:
                found[key].append(quantities[key].resampled(own))
    return {key: np.concatenate(values) if values else np.zeros(0) for key, values in found.items()}


class _SumTables(NamedTuple):
    """Ratios as two tables of columns over units; many share what stands ``below``, which ``place`` (p,) says."""

    above: np.ndarray
    below: np.ndarray
    place: list[int]
    spans: list[slice]  # of each ratio's columns


def _sum_tables(ratios: Sequence[Ratio]) -> _SumTables:
    """Return the tables of ratios over the same units."""
    n = len(ratios[0].above) if ratios else 0
    above, below = ([getattr(one, side).reshape(n, -1) for one in ratios] for side in ("above", "below"))
    ends = np.cumsum([0, *(one.shape[1] for one in above)])
    places: dict[bytes, int] = {}
    distinct: list[np.ndarray] = []
    place: list[int] = []
    for column in (table[:, at] for table in below for at in range(table.shape[1])):
        at = places.setdefault(column.tobytes(), len(places))
        if at == len(distinct):
            distinct.append(column)
        place.append(at)
    spans = [slice(start, stop) for start, stop in zip(ends[:-1], ends[1:], strict=True)]
    none = np.zeros((n, 0))
    return _SumTables(np.hstack([none, *above]), np.stack(distinct, axis=1) if distinct else none, place, spans)
