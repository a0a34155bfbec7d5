"""Where forecasts are made from: rolling origins in the held-out steps of each series, and how far they look ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.series.panel import Panel

# Steps ahead that planners of each frequency usually ask for: the M4 competition's, and a working week of minutes.
HORIZONS = {"Y": 6, "A": 6, "Q": 8, "M": 18, "W": 13, "D": 14, "B": 14, "h": 48, "min": 60, "s": 60}
BY_SEASON = {4: 8, 7: 14, 12: 18, 24: 48, 52: 13}  # the same where there are no time stamps
OTHERWISE = 12
SHARE = 4  # of a series that a horizon may take, unless it was asked for


@dataclass(frozen=True)
class Origins:
    """Cases to forecast: ``at`` (m,) positions of series, ``ends`` (m,) steps known, ``window`` (m,) 0 first."""

    at: np.ndarray
    ends: np.ndarray
    window: np.ndarray

    def __len__(self) -> int:
        return len(self.at)


def horizon_of(options: Mapping[str, Any], panel: Panel) -> int:
    """Return how many steps ahead a run forecasts: the option ``horizon``, else what suits the frequency.

    What was not asked for is at most a quarter of a usual series, so that a window can judge and one can choose.
    """
    asked = int(options.get("horizon") or 0)
    if asked or not len(panel):
        return asked or usual_horizon(panel.frequency, panel.season)
    most = max(1, int(np.median(panel.lengths)) // SHARE)
    return min(usual_horizon(panel.frequency, panel.season), most)


def usual_horizon(frequency: str, season: int) -> int:
    """Return the steps ahead that suit a frequency (pandas' alias), or a season where there are no time stamps."""
    if not frequency:
        return BY_SEASON.get(season, OTHERWISE)
    letters = frequency.lstrip("0123456789").split("-")[0]
    return HORIZONS.get(letters) or HORIZONS.get(letters[:1], OTHERWISE)


def stride_of(options: Mapping[str, Any], horizon: int) -> int:
    """Return the steps from one origin to the next: the option ``stride``, else the horizon."""
    return int(options.get("stride") or 0) or horizon


def rolling_origins(known: Panel, held: Panel, horizon: int, stride: int) -> Origins:
    """Return every origin of the held-out steps.

    Parameters
    ----------
    known : Panel
        What stands before the held-out steps; positions in the result are those of ``known``.
    held : Panel
        The held-out steps, which follow those of ``known``.
    horizon, stride : int
        In steps.

    Returns
    -------
    Origins
        By window, then by series. A series with fewer held-out steps than the horizon gets one window whose later
        truths are missing; one that is new in ``held`` gets none.
    """
    place = {name: at for at, name in enumerate(held.series)}
    found = [(at, place[name]) for at, name in enumerate(known.series) if name in place]
    if not found:
        return Origins(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
    at, other = (np.array(part, dtype=np.int64) for part in zip(*found, strict=True))
    windows = np.maximum(1, (held.lengths[other] - horizon) // stride + 1)
    window = np.concatenate([np.arange(count) for count in windows])
    at, ends = np.repeat(at, windows), np.repeat(known.lengths[at], windows) + window * stride
    order = np.argsort(window, kind="stable")
    return Origins(at[order], ends[order], window[order])
