"""Forecasters that reach any horizon at once, and how they turn their past errors into quantiles."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Self

import numpy as np
from scipy.stats import norm

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS
from dl_core.models.base import FitContext
from dl_core.models.series.base import Forecaster, Held
from dl_core.models.store import load_about, save_about

RECENT = 300  # past errors that say how far off a forecast may be
DOUBT = 20  # so many errors weigh as much as the normal curve does
CENTRAL = np.abs(2 * np.array(LEVELS) - 1)  # the share of cases between each level and its mirror
SIDE = np.sign(2 * np.array(LEVELS) - 1)


class DirectForecaster(Forecaster):
    """A forecaster with a formula for any number of steps: nothing is learned but settings.

    A subclass implements `quantiles`; what it chooses stands in ``chosen``, which is all that is saved.
    """

    learns_on = False

    def __init__(self) -> None:
        self.horizon, self.chosen = 1, {}

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Choose nothing: the formula has no settings."""
        context.progress(1.0, "No training needed")

    @abstractmethod
    def quantiles(self, panel: Panel, horizon: int) -> np.ndarray:
        """Return quantiles (n, horizon, len(LEVELS)) of a panel without missing values."""

    def ahead(self, panel: Panel) -> np.ndarray:
        """Return quantiles (n, self.horizon, len(LEVELS))."""
        return self.quantiles(panel, self.horizon)

    def _block(self, panel: Panel, horizon: int) -> np.ndarray:
        return self.quantiles(panel, horizon)

    def save(self, folder: Path) -> None:
        """Write settings as JSON."""
        save_about(folder, {"horizon": self.horizon, "chosen": self.chosen})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        about, model = load_about(folder), cls()
        model.horizon, model.chosen = about["horizon"], about["chosen"]
        return model


def tails(panel: Panel, most: int) -> np.ndarray:
    """Return the last ``most`` values of each series side by side, (n, most), NaN before a series' start."""
    place = panel.starts[1:, None] - most + np.arange(most)[None, :]
    inside = place >= panel.starts[:-1, None]
    if not len(panel.values):
        return np.full(place.shape, np.nan)
    return np.where(inside, panel.values[np.maximum(place, 0)], np.nan)


def spread(errors: np.ndarray) -> np.ndarray:
    """Return how far each level of `LEVELS` lies from the central forecast, judged by past errors.

    Empirical quantiles of the absolute error, mirrored, so that the central forecast stays the median, mixed with
    those of a normal curve of the same mean square, which weighs as much as `DOUBT` errors: a dozen errors say
    nothing about a 95 % interval by themselves. Without any error the spread is 0.

    Parameters
    ----------
    errors : numpy.ndarray
        (n, k) one-step errors of each series; NaN for none.

    Returns
    -------
    numpy.ndarray
        (n, len(LEVELS)), rising along the levels, 0 at the median.
    """
    n, k = errors.shape
    if not n or not k:
        return np.zeros((n, len(LEVELS)))
    ordered = np.sort(np.abs(errors), axis=1)  # NaN go last
    count = (~np.isnan(ordered)).sum(axis=1)
    place = CENTRAL[None, :] * (count[:, None] + 1) - 1  # of k + 1 errors the next one is as likely any
    place = np.clip(place, 0, np.maximum(count - 1, 0)[:, None])
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0)[:, None])
    filled = np.nan_to_num(ordered)
    at_low, at_high = np.take_along_axis(filled, low, axis=1), np.take_along_axis(filled, high, axis=1)
    seen = at_low + (place - low) * (at_high - at_low)
    size = np.sqrt((filled**2).sum(axis=1) / np.maximum(count, 1))
    curve = size[:, None] * norm.ppf((1 + CENTRAL) / 2)[None, :]
    trust = (count / (count + DOUBT))[:, None]
    return SIDE * (trust * seen + (1 - trust) * curve)
