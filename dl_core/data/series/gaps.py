"""What stands in for missing values of one series, and what one is measured by."""

from __future__ import annotations

import numpy as np

TINY = 1e-9  # of a series' size: under this share a change counts as none, whatever the unit


def fill(values: np.ndarray, season: int) -> None:
    """Fill the missing values of one series in place."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        values[:] = 0.0
        return
    end = known[-1] + 1
    values[:end] = np.interp(np.arange(end), known, values[known])
    for at in range(end, len(values)):
        values[at] = values[at - season] if at >= season else values[end - 1]


def usual_change(values: np.ndarray, lag: int) -> float:
    """Return the mean absolute change over ``lag`` steps; what stands in for 0 says `Panel.scales`."""
    size = mean_size(values)
    for step in (lag, 1):
        if len(values) > step:
            change = np.abs(values[step:] - values[:-step])
            change = change[~np.isnan(change)]
            if len(change) and change.mean() > TINY * size:
                return float(change.mean())
    return size if size > 0 else 1.0


def mean_size(values: np.ndarray) -> float:
    """Return the mean absolute value of what is known, 0 without any."""
    known = values[~np.isnan(values)]
    return float(np.abs(known).mean()) if len(known) else 0.0
