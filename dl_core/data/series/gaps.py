"""What stands in for missing values of one series, and what one is measured by."""

from __future__ import annotations

import numpy as np

TINY = 1e-9  # under this a scale counts as none


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
    for step in (lag, 1):
        if len(values) > step:
            change = np.abs(values[step:] - values[:-step])
            change = change[~np.isnan(change)]
            if len(change) and change.mean() > TINY:
                return float(change.mean())
    known = values[~np.isnan(values)]
    size = float(np.abs(known).mean()) if len(known) else 0.0
    return size if size > TINY else 1.0
