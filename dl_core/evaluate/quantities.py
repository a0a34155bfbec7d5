"""The noun `Quantity`: a number to judge by, with its value under any weighting of the units, and its interval.

Most are a `Ratio` of two sums over units: a mean has ones (0 for a unit without a value) below, a ratio the sums it is
of. Thousands of weightings of many of them are then one matrix product. What is no sum (an area under a curve) is a
function of weights, such as `scored.Weighed`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
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
    def ratios(self) -> tuple[Ratio, ...]:
        """The ratios that it is the mean of; none where it is no such mean."""
        return ()

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
    """The ratio of two sums over units: ``above`` (n,) over ``below`` (n,).

    ``bounds`` clip its interval; ``share`` says that every unit's value lies in 0…1, so that an interval of nothing but
    0 or 1 is widened to what so few units can tell.
    """

    above: np.ndarray
    below: np.ndarray
    bounds: tuple[float, float] = (-np.inf, np.inf)
    share: bool = False

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """The ratio itself."""
        return (self,)

    @property
    def value(self) -> float:
        """The number itself; NaN where no unit has a value."""
        return float(divide(self.above.sum(), self.below.sum()))

    @property
    def n(self) -> int:
        """Units with a value."""
        return int((self.below > 0).sum())

    def resampled(self, weights: np.ndarray) -> np.ndarray:
        """Return the number (r,) under each row of ``weights`` (r, n)."""
        return divide(weights @ self.above, weights @ self.below)

    def within(self, inside: np.ndarray) -> Ratio:
        """Return the ratio for units ``inside`` only; the others stay in the draws without a value."""
        keep = inside.astype(float)
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


@dataclass(frozen=True, eq=False)
class Average(Quantity):
    """The mean of several ratios over the same units."""

    parts: tuple[Ratio, ...]

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """The ratios themselves."""
        return self.parts

    @property
    def value(self) -> float:
        """The number itself; NaN where one of the ratios is not defined."""
        return float(np.mean([part.value for part in self.parts]))

    @property
    def n(self) -> int:
        """Units with a value."""
        return self.parts[0].n

    def resampled(self, weights: np.ndarray) -> np.ndarray:
        """Return the number (r,) under each row of ``weights`` (r, n)."""
        return np.mean([part.resampled(weights) for part in self.parts], axis=0)

    def within(self, inside: np.ndarray) -> Average:
        """Return the mean for the units ``inside`` only."""
        return Average(tuple(part.within(inside) for part in self.parts))

    def interval(self, drawn: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
        """Return the interval from resampled values; NaN for fewer than two units."""
        return percentile(drawn, level) if self.n > 1 else (float("nan"), float("nan"))


def percentile(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of resampled values; NaN where fewer than half of them are defined.

    Examples
    --------
    >>> percentile(np.arange(101.0), 0.9)
    (5.0, 95.0)
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
    table = _Sums.of(quantities)
    others: dict[int, list[Key]] = {}  # by the rows they stand on, so that these are taken out once for all
    for key, one in quantities.items():
        if not one.ratios:
            others.setdefault(id(one.rows), []).append(key)
    found: dict[Key, list[np.ndarray]] = {key: [] for key in quantities}
    for weights in draws if quantities else ():
        for key, values in table.resampled(weights):
            found[key].append(values)
        for keys in others.values():
            rows = quantities[keys[0]].rows
            own = weights if rows is None else np.take(weights, rows, axis=1)
            for key in keys:
                found[key].append(quantities[key].resampled(own))
    return {key: np.concatenate(values) if values else np.zeros(0) for key, values in found.items()}


class _Sums(NamedTuple):
    """All ratios as two tables of columns over units; many share what stands ``below``."""

    keys: list
    spans: list[slice]  # of each key's columns
    above: np.ndarray
    below: np.ndarray
    place: list[int]

    @classmethod
    def of(cls, quantities: Mapping[Key, Quantity]) -> _Sums:
        """Return the tables of those quantities that are means of ratios."""
        keys = [key for key, one in quantities.items() if one.ratios]
        spans, parts = [], []
        for key in keys:
            own = quantities[key].ratios
            spans.append(slice(len(parts), len(parts) + len(own)))
            parts += own
        places: dict[bytes, int] = {}
        below, place = [], []
        for part in parts:
            at = places.setdefault(part.below.tobytes(), len(places))
            if at == len(below):
                below.append(part.below)
            place.append(at)
        if not parts:
            return cls([], [], np.zeros((0, 0)), np.zeros((0, 0)), [])
        return cls(keys, spans, np.stack([part.above for part in parts], axis=1), np.stack(below, axis=1), place)

    def resampled(self, weights: np.ndarray) -> Iterable[tuple]:
        """Yield each key with its values (r,) under a block of weights (r, n)."""
        if self.keys:
            values = divide(weights @ self.above, (weights @ self.below)[:, self.place])
            for key, span in zip(self.keys, self.spans, strict=True):
                own = values[:, span]
                yield key, own[:, 0] if own.shape[1] == 1 else own.mean(axis=1)
