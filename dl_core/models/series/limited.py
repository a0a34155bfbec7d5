"""Forecasting one series after the other within a time limit, by the best way that the limit allows."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

log = logging.getLogger(__name__)
SEED = 0  # of the order in which series take their turn, so that those who find no time are spread evenly
WILD = 10.0  # ranges of its own past that no forecast goes beyond


@dataclass(frozen=True)
class Way:
    """One way to forecast a series.

    Parameters
    ----------
    name : str
    most : int
        Steps of history that are read.
    seasonal : int
        Longest season that the method models itself; 1 where seasons are taken off first.
    cost : float
        Seconds for a series of ``most`` steps on one ordinary core. A fixed figure rather than a measured one, so
        that the same data get the same way every time.
    """

    name: str
    most: int
    seasonal: int
    cost: float


@dataclass
class Tally:
    """What became of the series of one call: how many found no time, and how many failed."""

    cases: int = 0
    no_time: int = 0
    failed: int = 0
    why: str = field(default="", repr=False)

    def as_dict(self) -> dict[str, int]:
        """Return plain JSON."""
        return {"cases": self.cases, "no_time": self.no_time, "failed": self.failed}


def choose_way(ways: Sequence[Way], seasons: Sequence[int], cases: int, limit: float) -> Way:
    """Return the first of ``ways``, best first, that fits the seasons and forecasts all cases within the limit.

    The last one is taken where none does.
    """
    for way in ways:
        if way.seasonal > 1 and not (len(seasons) == 1 and 1 < seasons[0] <= way.seasonal):
            continue
        if way.cost * cases <= limit:
            return way
    return ways[-1]


def each_in_time(
    one: Callable[[int], np.ndarray | None],
    found: np.ndarray,
    *,
    until: float,
    affordable: int,
    tally: Tally,
    check_stop: Callable[[], None],
) -> None:
    """Replace the forecasts of as many cases as there is time for.

    Parameters
    ----------
    one : callable
        Forecasts the case at a position, (horizon, levels), or returns None where the simple forecast is all there is
        to say. Whatever it raises counts as failed, and so does a forecast that is not finite; both keep what they had.
    found : numpy.ndarray
        (n, horizon, levels) simple forecasts, replaced in place.
    until : float
        Time of `time.monotonic` when it is over.
    affordable : int
        Cases that are tried at all.
    tally : Tally
        Is added to.
    check_stop : callable
        Raises where the work was cancelled.
    """
    order = np.random.default_rng(SEED).permutation(len(found))
    tried = 0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of optimisers about single series; what comes out is checked below
        for at in order[:affordable]:
            check_stop()
            if time.monotonic() > until:
                break
            tried += 1
            _replace(one, found, int(at), tally)
    tally.cases += len(found)
    tally.no_time += len(found) - tried
    if tally.failed:
        log.info("%d of %d series fell back to a simpler method: %s", tally.failed, tally.cases, tally.why)


def _replace(one: Callable[[int], np.ndarray | None], found: np.ndarray, at: int, tally: Tally) -> None:
    try:
        better = one(at)
    except Exception as error:  # noqa: BLE001  (one series' fault, of any kind, must not lose the others; it is counted)
        tally.failed += 1
        tally.why = type(error).__name__
        return
    if better is None:
        return
    if np.isfinite(better).all():
        found[at] = better
    else:
        tally.failed += 1
        tally.why = "not finite"


def is_wild(ahead: np.ndarray, values: np.ndarray) -> bool:
    """Return whether a central forecast (horizon,) leaves all that the series (length,) has been, by far."""
    low, high = values.min(), values.max()
    room = WILD * max(high - low, 1e-9 * abs(high))
    return bool((ahead > high + room).any() or (ahead < low - room).any())
