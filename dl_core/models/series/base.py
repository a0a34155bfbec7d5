"""What every forecaster has in common: data in and out, windows to choose by, any horizon, quantiles in order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.ends import planned
from dl_core.data.series.gaps import mean_size
from dl_core.data.series.origins import horizon_of, rolling_origins, stride_of
from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext, Model
from dl_core.schema import Role

if TYPE_CHECKING:
    import keras

BLOCK = 20_000_000  # values that are read at once
_SIZES = (1e-4, 1e9)  # mean sizes of series beyond which they are brought to about 1


@dataclass(frozen=True)
class Held:
    """Windows that were held out of training, for choosing settings and epochs.

    ``history`` (m cases) is what was known at each origin, ``truth`` (m, horizon) what came, NaN where missing.
    """

    history: Panel
    truth: np.ndarray

    @classmethod
    def of(cls, known: Panel, later: Panel, horizon: int, stride: int) -> Held:
        """Return the rolling windows of the steps ``later``, which follow ``known``."""
        origins = rolling_origins(known, later, horizon, stride)
        both = known.append(later)
        history = both.until(origins.at, origins.ends, horizon)
        return cls(history, both.truth(origins.at, origins.ends, horizon))


class Forecaster(Model):
    """A model that gives the quantiles `LEVELS` of the steps after each series' end.

    The base class turns data sets into panels; a subclass implements `learn` and `ahead`.

    Attributes
    ----------
    horizon : int
        Steps ahead that the model was made for. Set by `fit`; a subclass keeps it in `save` and `load`.
    chosen : dict
        What validation windows chose (epochs, members …), plain JSON; `learn` without ``held`` uses it.
    """

    horizon: int
    chosen: dict
    learns_on = True  # whether `refit` changes anything; False for models that only look at the history

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Learn from ``train``; windows of the validation steps choose settings, never fit."""
        own = self._weighed(Panel.of(train), train, context)
        known, by = tamed(own)
        self.horizon = horizon_of(context.options, known)
        self.chosen = {}
        held = None
        if len(validation):
            later = _times_of(Panel.of(validation), pd.Series(by, index=own.series))
            held = Held.of(known, later, self.horizon, stride_of(context.options, self.horizon))
        self.learn(known, held if held is not None and len(held.history) else None, context)

    def refit(self, known: Panel, context: FitContext) -> None:
        """Learn from more of the same series (validation steps too), going on from what was learned.

        What stands in `chosen` is used; nothing is chosen anew.
        """
        self.learn(tamed(known)[0], None, context)

    @abstractmethod
    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Learn from all series.

        With ``held`` settings are chosen by it and noted in ``self.chosen``; without it what stands there is used, or
        sensible settings where it is empty. ``known`` may have missing values (`Panel.filled`).
        """

    @abstractmethod
    def ahead(self, panel: Panel) -> np.ndarray:
        """Return quantiles (n, self.horizon, len(LEVELS)) of the steps after each series' end, in the series' unit.

        ``panel`` has no missing values, and at most `reach` steps of each series; series may be new, and may be
        shorter than anything in training. ``panel.ahead`` may be None or hold NaN, and then stands for "not known".
        """

    @property
    def reach(self) -> int | None:
        """How many last steps of a series `ahead` reads; None for all."""
        return None

    def forecast(self, panel: Panel, horizon: int | None = None) -> np.ndarray:
        """Return quantiles (n, horizon, len(LEVELS)) float64 of the steps after each series' end.

        A horizon beyond the model's own is reached by going on from the central forecast, so its intervals there are
        too narrow. Quantiles are put in order, and a series that never was negative is not forecast to be. Covariates
        that should be known ahead and are not are those of a season before (`planned`).
        """
        horizon = horizon or self.horizon
        panel, by = tamed(planned(panel, max(horizon, self.horizon)))
        found = np.concatenate([self._block(part, horizon) for part in self._blocks(panel)] or [_none(horizon)])
        found = np.sort(found, axis=2)
        floor = np.array([np.nanmin(panel.of_series(at), initial=np.inf) for at in range(len(panel))])
        return np.where((floor >= 0)[:, None, None], np.maximum(found, 0.0), found) / by[:, None, None]

    def _blocks(self, panel: Panel) -> list[Panel]:
        """Return the panel in parts that are cheap to hold, each cut to what the model reads."""
        most = self.reach
        kept = panel.lengths if most is None else np.minimum(panel.lengths, most)
        number = np.cumsum(kept) // BLOCK
        parts = [np.flatnonzero(number == one) for one in np.unique(number)]
        return [_cut(panel.take(part), most).filled() for part in parts]

    def _block(self, panel: Panel, horizon: int) -> np.ndarray:
        done: list[np.ndarray] = []
        while (steps := sum(part.shape[1] for part in done)) < horizon:
            done.append(self.ahead(panel))
            if steps + self.horizon < horizon:
                panel = _gone_on(panel, done[-1][:, :, MIDDLE])
        return np.concatenate(done, axis=1)[:, :horizon].astype(float)

    def graph(self) -> keras.Model | None:
        """Return one Keras model from `inputs` to quantiles (n, horizon, len(LEVELS)) in the series' unit, or None.

        Scaling of each window is inside, so gradients are those of the forecast itself.
        """
        return None

    def inputs(self, panel: Panel) -> Mapping[str, np.ndarray]:
        """Return what `graph` reads: ``"window"`` (n, length) and, where used, ``"past"`` and ``"future"``.

        ``past`` is (n, length, p), ``future`` (n, length + horizon, f); ``window`` is float32 in the series' unit,
        its last value the newest. Shorter series are filled on the left with their first value.
        """
        return {}

    def components(self, panel: Panel) -> dict[str, np.ndarray] | None:
        """Return the parts whose sum is the central forecast, each (n, horizon), or None where there are none."""
        return None

    def _weighed(self, panel: Panel, rows: Dataset, context: FitContext) -> Panel:
        """Return the panel with the weights of its rows, as the mean over each series."""
        if context.sample_weight is None:
            return panel
        names = rows.require(Role.SERIES).astype(str).to_numpy(dtype=object)
        means = pd.Series(context.sample_weight).groupby(names).mean()
        return replace(panel, weight=means.reindex(panel.series).to_numpy(dtype=float))


def tamed(panel: Panel) -> tuple[Panel, np.ndarray]:
    """Return series of extreme sizes times a power of two, which rounds nothing, and these powers (n,).

    A concentration of 1e-11 is so forecast as its thousandfold is, whatever small numbers a method adds to a scale.
    """
    sizes = np.array([mean_size(panel.of_series(at)) for at in range(len(panel))])
    extreme = (sizes > 0) & ((sizes < _SIZES[0]) | (sizes > _SIZES[1]))
    if not extreme.any():
        return panel, np.ones(len(panel))
    by = np.where(extreme, 2.0 ** -np.round(np.log2(np.where(extreme, sizes, 1.0))), 1.0)
    return replace(panel, values=panel.values * np.repeat(by, panel.lengths)), by


def _times_of(panel: Panel, by: pd.Series) -> Panel:
    """Return series times the number that stands under their id."""
    if (by == 1).all():
        return panel
    each = by[~by.index.duplicated()].reindex(panel.series).fillna(1.0).to_numpy()
    return replace(panel, values=panel.values * np.repeat(each, panel.lengths))


def _cut(panel: Panel, most: int | None) -> Panel:
    if most is None or not len(panel) or panel.lengths.max() <= most:
        return panel
    return panel.until(np.arange(len(panel)), panel.lengths, most=most, keep_ahead=True)


def _gone_on(panel: Panel, values: np.ndarray) -> Panel:
    """Return the panel with (n, steps) values after its end; covariates there are those known ahead, else 0."""
    n, steps = values.shape
    future: np.ndarray | None = None
    if panel.future is not None:
        future = np.zeros((n, steps, panel.future.shape[1]), dtype=np.float32)
        if panel.ahead is not None:
            told = panel.ahead[:, :steps]
            future[:, : told.shape[1]] = np.nan_to_num(told)
        future = future.reshape(n * steps, -1)
    later = replace(
        panel,
        starts=np.arange(n + 1) * steps,
        values=values.reshape(-1),
        times=panel.times_ahead(steps).reshape(-1),
        past=None if panel.past is None else np.zeros((n * steps, panel.past.shape[1]), dtype=np.float32),
        future=future,
        ahead=None if panel.ahead is None else panel.ahead[:, steps:],
    )
    numbered = np.arange(n).astype(object)  # ids may repeat, positions do not
    gone = replace(panel, series=numbered).append(replace(later, series=numbered))
    return replace(gone, series=panel.series)


def _none(horizon: int) -> np.ndarray:
    return np.zeros((0, horizon, len(LEVELS)))
