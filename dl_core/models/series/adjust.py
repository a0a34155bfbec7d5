"""Take seasons of any length off a series, so that a method without seasons can forecast it, and put them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dl_core.models.series.seasonal import STRONG, Index, classical_index, strength

CYCLES = 2  # seasons that an index needs at least


@dataclass(frozen=True)
class Adjusted:
    """A series without its seasons: ``values`` (length,) and the ``indices`` that were taken off, in order."""

    values: np.ndarray
    indices: tuple[Index, ...]

    def put_back(self, ahead: np.ndarray) -> np.ndarray:
        """Return what follows the series, (horizon, …), with its seasons."""
        for index in reversed(self.indices):
            ahead = index.put_back(ahead, len(self.values))
        return ahead


def adjust(values: np.ndarray, seasons: Sequence[int]) -> Adjusted:
    """Return the series without those of ``seasons`` that are strong, shortest first.

    An index holds medians over the cycles, so that no single spike becomes part of the season. It multiplies where a
    series is positive and its season is stronger that way, else it adds. Weak seasons are left in: an index of a few
    noisy cycles does more harm than good.

    Parameters
    ----------
    values : numpy.ndarray
        (length,) without missing values.
    seasons : sequence of int
        Steps.

    References
    ----------
    Cleveland et al. (1990), "STL", and Bandara, Hyndman, Bergmeir (2021), "MSTL", for seasons taken off one after the
    other. Deviation: the season does not change over the cycles that are looked at, which makes it a hundred times as
    quick; the threshold of strength is the one of R's ``forecast::nsdiffs``.
    """
    taken: list[Index] = []
    for season in sorted(seasons):
        if season < 2 or len(values) < CYCLES * season:
            continue
        ways = [classical_index(values, season, False, robust=True)]
        if (values > 0).all():
            ways.append(classical_index(values, season, True, robust=True))
        strengths = [strength(values, index) for index in ways]
        best = int(np.argmax(strengths))
        if strengths[best] > STRONG:
            taken.append(ways[best])
            values = ways[best].remove(values)
    return Adjusted(values, tuple(taken))
