"""The noun `Forecasts`: what every model said of every window of every series, one tidy table of quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.results import ModelTable

LEVELS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)  # quantiles that models give
MIDDLE = LEVELS.index(0.5)
QUANTILES = tuple(f"q_{level:g}" for level in LEVELS)  # their columns
_BEYOND = 1.2  # (2.338 - 1.960) / (1.960 - 1.645): the mean beyond 97.5 % of a normal curve, by its last two quantiles
_FACTORS, _LITTLE = (0.25, 4.0), 1 / 3
NEEDED = ("model", "split", "row", "window", "step", "time", "y_true", *QUANTILES)


@dataclass(frozen=True)
class Cases:
    """The forecasts of one model as rectangles; a case is one window of one series.

    ``series`` (m,) ids and ``windows`` (m,) int name the cases, ``times`` (m, h), ``truth`` (m, h) and ``quantiles``
    (m, h, n_levels) float64 say what was forecast; NaN where a truth is missing.
    """

    series: np.ndarray
    windows: np.ndarray
    times: np.ndarray
    truth: np.ndarray
    quantiles: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """The central forecast (m, h): the median."""
        return self.quantiles[:, :, MIDDLE]

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True)
class Forecasts(ModelTable):
    """One tidy table: a row for each model, series, window and step ahead.

    Columns: ``model``, ``split`` (``"validation"``, ``"test"`` or ``"new"``), ``row`` (series id), ``window`` (0 for
    the earliest origin), ``step`` (1 first), ``time``, ``y_true`` (NaN where not known) and a column for each level of
    `LEVELS` (``q_0.5`` is the central forecast). Steps of a case stand together and in order.
    """

    noun: ClassVar[str] = "forecasts"

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return NEEDED

    @staticmethod
    def fit(table: pd.DataFrame) -> bool:
        """Return whether a table of predictions holds forecasts rather than classes or lists."""
        return "window" in table and "step" in table

    @property
    def horizon(self) -> int:
        """Steps ahead of the longest forecast."""
        return int(self.table["step"].max()) if len(self.table) else 0

    def cases(self, model: str, split: str = "test") -> Cases:
        """Return the forecasts of one model as rectangles, cases in the order of the table."""
        rows = self.of(model, split)
        step = rows["step"].to_numpy()
        case = np.cumsum(step == 1) - 1
        first, m, h = np.flatnonzero(step == 1), int(case[-1]) + 1, int(step.max())
        times = np.zeros((m, h), dtype=rows["time"].to_numpy().dtype)
        truth, quantiles = np.full((m, h), np.nan), np.full((m, h, len(LEVELS)), np.nan)
        place = case, step - 1
        times[place] = rows["time"].to_numpy()
        truth[place] = rows["y_true"].to_numpy(dtype=float)
        quantiles[place] = rows[list(QUANTILES)].to_numpy(dtype=float)
        names = rows.index.to_numpy(dtype=object)[first]
        return Cases(names, rows["window"].to_numpy()[first], times, truth, quantiles)


def forecast_rows(model: str, split: str, cases: Cases) -> pd.DataFrame:
    """Return `Forecasts`' lines of one model."""
    m, h = cases.truth.shape
    columns = {
        "model": model,
        "split": split,
        "row": np.repeat(cases.series, h),
        "window": np.repeat(cases.windows, h).astype(np.int32),
        "step": np.tile(np.arange(1, h + 1, dtype=np.int32), m),
        "time": cases.times.reshape(-1),
        "y_true": cases.truth.reshape(-1),
    }
    flat = cases.quantiles.reshape(m * h, len(LEVELS)).astype(np.float32)
    columns |= {name: flat[:, at] for at, name in enumerate(QUANTILES)}
    return pd.DataFrame(columns).astype({"model": "str", "split": "str", "row": "str"})


def mean_of(quantiles: np.ndarray) -> np.ndarray:
    """Return the means (m, h) of distributions with these quantiles (m, h, levels), straight between them.

    Each tail reaches as far beyond its last quantile as that of a normal curve would by its last two, yet not below 0
    where no quantile is. Where most values are 0 the mean is far from the median, which is 0 then.
    """
    levels = np.array(LEVELS)
    inside = ((quantiles[..., 1:] + quantiles[..., :-1]) / 2 * np.diff(levels)).sum(axis=-1)
    low = quantiles[..., 0] - _BEYOND * (quantiles[..., 1] - quantiles[..., 0])
    high = quantiles[..., -1] + _BEYOND * (quantiles[..., -1] - quantiles[..., -2])
    low = np.where(quantiles[..., 0] >= 0, np.maximum(low, 0.0), low)
    return inside + levels[0] * low + (1 - levels[-1]) * high


def are_rare(quantiles: np.ndarray) -> np.ndarray:
    """Return which cases (m,) are of rare demand: most medians are 0 or little beside the means, none is negative."""
    rare = (quantiles[:, :, 0] >= 0) & (quantiles[:, :, MIDDLE] < _LITTLE * mean_of(quantiles))
    return rare.mean(axis=1) >= 0.5 if rare.shape[1] else np.zeros(len(rare), dtype=bool)


def mean_factor(cases: Cases) -> float:
    """Return by what means of rare demand must be multiplied to be right in sum over these windows; 1 without any.

    Quantiles that stand far apart say little about a mean of few values; sums over windows that were held out do.
    """
    rare = are_rare(cases.quantiles)
    truth, means = cases.truth[rare], mean_of(cases.quantiles[rare])
    known = np.isfinite(truth)
    told = float(means[known].sum())
    return float(np.clip(truth[known].sum() / told, *_FACTORS)) if told > 0 else 1.0


def central_means(quantiles: np.ndarray, factor: float) -> np.ndarray:
    """Return central forecasts (m, h): means of rare demand times a factor, medians of all other cases."""
    return np.where(are_rare(quantiles)[:, None], factor * mean_of(quantiles), quantiles[:, :, MIDDLE])


def level_at(levels: Sequence[float]) -> list[int]:
    """Return the positions of ``levels`` in `LEVELS`.

    Raises
    ------
    OptionError
        If one is not forecast.
    """
    for level in levels:
        if level not in LEVELS:
            raise OptionError(f"there is no quantile {level}", expected=", ".join(map(str, LEVELS)))
    return [LEVELS.index(level) for level in levels]
