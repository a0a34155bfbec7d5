"""The side table of what is known of the steps after each series' last value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from dl_core.reading.series.grid import Grid


def ahead_table(grid: Grid, later: Mapping[str, np.ndarray], names: tuple[str, str]) -> pd.DataFrame | None:
    """Return known-ahead covariates after each series' last value, without holes; None where there are none.

    Parameters
    ----------
    grid : Grid
    later : mapping of str to numpy.ndarray
        By covariate, in the order of ``grid.after``.
    names : tuple of str
        Names of the columns of series and time.
    """
    code, position, _ = grid.after
    if not len(code) or not later:
        return None
    known = ~np.isnan(np.stack(list(later.values()))).all(axis=0)
    if not known.any():
        return None
    code, position = code[known], position[known]
    last = grid.first + grid.lengths - 1
    furthest = np.full(len(grid.names), -1)
    np.maximum.at(furthest, code, position - last[code])
    steps = np.maximum(furthest, 0)
    starts = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
    owner = np.repeat(np.arange(len(steps)), steps)
    inside = np.arange(starts[-1]) - starts[owner]
    table = pd.DataFrame({names[0]: grid.names[owner], names[1]: grid.step.time(last[owner] + 1 + inside)})
    target = starts[code] + position - last[code] - 1
    for name, values in later.items():
        filled = np.full(starts[-1], np.nan)
        filled[target] = values[known]
        table[name] = filled
    table.index = pd.Index([str(at) for at in range(len(table))], name="id")
    table[names[0]] = table[names[0]].astype("str")
    return table
