"""The noun `SeriesFacts`: what was known of every series before the test, to scale errors by and to make slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.series.gaps import TINY, mean_size
from dl_core.data.series.panel import Panel


@dataclass(frozen=True, eq=False)
class SeriesFacts:
    """What the steps before the test tell of each series, by series id.

    Parameters
    ----------
    scale : pandas.Series
        Mean absolute change over `season` steps, in the series' unit (`Panel.scales`): what MASE divides by.
    square_scale : pandas.Series
        Mean squared change over the same steps: what RMSSE divides by.
    level : pandas.Series
        Mean absolute value, the size of a series in its unit.
    length : pandas.Series
        Steps with a value.
    static : pandas.DataFrame
        Groups that do not change over time, without columns where there are none.
    season : int
        Lag in steps of the naive forecast in the scales.
    """

    scale: pd.Series
    square_scale: pd.Series
    level: pd.Series
    length: pd.Series
    static: pd.DataFrame
    season: int = 1

    @classmethod
    def of(cls, known: Panel) -> SeriesFacts:
        """Return the facts of everything before the test; ids must not repeat."""
        index = pd.Index(known.series, name="series")
        one = [known.of_series(at) for at in range(len(known))]
        sizes = [np.abs(values[~np.isnan(values)]) for values in one]
        static = pd.DataFrame(index=index) if known.static is None else known.static.reindex(index)
        return cls(
            scale=pd.Series(known.scales(), index=index),
            square_scale=pd.Series([_square_scale(values, known.scale_season) for values in one], index=index),
            level=pd.Series([size.mean() if len(size) else 0.0 for size in sizes], index=index, dtype=float),
            length=pd.Series([len(size) for size in sizes], index=index, dtype=float),
            static=static,
            season=known.scale_season,
        )

    def scales_of(self, series: np.ndarray) -> np.ndarray:
        """Return the scale (m,) of series by id, NaN for unknown ones."""
        return self.scale.reindex(series).to_numpy(dtype=float)

    def squares_of(self, series: np.ndarray) -> np.ndarray:
        """Return the squared scale (m,) of series by id, NaN for unknown ones."""
        return self.square_scale.reindex(series).to_numpy(dtype=float)


def _square_scale(values: np.ndarray, lag: int) -> float:
    """Return the mean squared change; the same stands in for it as in `Panel.scales` where that is nothing."""
    size = mean_size(values)
    for step in (lag, 1):
        change = values[step:] - values[:-step] if len(values) > step else np.zeros(0)
        change = change[~np.isnan(change)]
        if len(change) and np.abs(change).mean() > TINY * size:
            return float((change**2).mean())
    return size**2 if size > 0 else 1.0
