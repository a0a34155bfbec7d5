"""One forecast to explain: what it was made from, what would be usual instead, and stretches that can be swapped."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.series.base import Forecaster
from dl_core.models.series.statistical import StatisticalForecaster

MOST_STEPS = 1_500  # last steps that are weighed; older ones stay as they are
FEWEST_PIECES, MOST_PIECES = 8, 32  # stretches that the steps are cut into
MOST_SLOW = 8  # the same for models that are fitted anew for each forecast
AHEAD = ", ahead"


@dataclass(frozen=True)
class Case:
    """What a model read of one series, and the same as it would usually be.

    A unit is what can be swapped for the usual: a stretch of steps, oldest first, then a covariate in the history, then
    one that is known ahead.

    Parameters
    ----------
    model : Forecaster
    panel, usual : Panel
        One series without missing values, and the same with every unit swapped.
    piece : numpy.ndarray
        (steps,) int: the stretch of each of the last ``steps`` steps.
    covariates : tuple of str
        Names of the covariates' units; the columns of one category ("weather=Rain") are one unit.
    place : numpy.ndarray
        (columns,) int: which of ``covariates`` each column is: past ones, known ones in the history, known ones ahead.
    step : int or None
        The step ahead that is explained; None for the mean of all.
    """

    model: Forecaster
    panel: Panel
    usual: Panel
    piece: np.ndarray
    covariates: tuple[str, ...]
    place: np.ndarray
    step: int | None

    @property
    def steps(self) -> int:
        """Past steps that are weighed."""
        return len(self.piece)

    @property
    def pieces(self) -> int:
        """Stretches that they are cut into."""
        return int(self.piece[-1]) + 1

    @property
    def units(self) -> int:
        """Stretches and covariates."""
        return self.pieces + len(self.covariates)

    @classmethod
    def of(cls, model: Forecaster, panel: Panel, step: int | None) -> Case:
        """Return the case of a panel of one series, cut to what the model reads."""
        if model.reach is not None:
            panel = panel.until(np.zeros(1, dtype=np.int64), panel.lengths, most=model.reach, keep_ahead=True)
        panel = panel.filled()
        steps = min(len(panel.values), MOST_STEPS)
        usual = _usual(panel, steps)
        most = MOST_SLOW if fits_anew(model) else MOST_PIECES
        names = [unit_name(name) for name in panel.past_names + panel.future_names]
        names += [unit_name(name) + AHEAD for name in panel.future_names if _has(panel.ahead)]
        place, units = pd.factorize(np.array(names, dtype=object))
        return cls(model, panel, usual, cut_pieces(steps, panel.season, most), tuple(units), place, step)

    def targets(self, panel: Panel) -> np.ndarray:
        """Return what is explained of the forecast of each series of ``panel``, (n,)."""
        return self.target_of(self.model.forecast(panel)[:, :, MIDDLE])

    def target_of(self, middle: np.ndarray) -> np.ndarray:
        """Return what is explained of central forecasts (n, horizon), (n,)."""
        return middle.mean(axis=1) if self.step is None else middle[:, self.step - 1]

    def swapped(self, kept: np.ndarray) -> np.ndarray:
        """Return the targets (v,) where only the units that are True in ``kept`` (v, units) are as they were."""
        return self.targets(self._variants(kept))

    def by_step(self, units: np.ndarray) -> np.ndarray:
        """Return weights of units as weights of steps and covariates, (steps + covariates,).

        A stretch's weight is shared out evenly over its steps.
        """
        sizes = np.bincount(self.piece)
        return np.concatenate([(units[: self.pieces] / sizes)[self.piece], units[self.pieces :]])

    def by_unit(self, weights: np.ndarray) -> np.ndarray:
        """Return weights (steps + covariates,) summed over each stretch, (units,)."""
        return np.concatenate([np.bincount(self.piece, weights[: self.steps]), weights[self.steps :]])

    def _variants(self, kept: np.ndarray) -> Panel:
        panel, usual, count, total = self.panel, self.usual, len(kept), len(self.panel.values)
        as_was = np.ones((count, total), dtype=bool)
        as_was[:, total - self.steps :] = kept[:, self.piece]
        flags, covariates = kept[:, self.pieces :][:, self.place], {}
        for name in ("past", "future", "ahead"):
            values = getattr(panel, name)
            if not _has(values):
                continue
            width = values.shape[-1]
            own, flags = flags[:, :width], flags[:, width:]
            shape = (count, *values.reshape(-1, width).shape)
            mixed = np.where(own[:, None, :], values.reshape(shape[1:]), getattr(usual, name).reshape(shape[1:]))
            covariates[name] = mixed.reshape(shape) if name == "ahead" else mixed.reshape(-1, width)
        return replace(
            panel,
            series=np.arange(count).astype(object),
            starts=np.arange(count + 1) * total,
            values=np.where(as_was, panel.values, usual.values).reshape(-1),
            times=np.tile(panel.times, count),
            static=None,
            weight=None,
            **covariates,
        )


def fits_anew(model: Forecaster) -> bool:
    """Return whether each forecast is a new fit, so that hundreds of them take too long."""
    return isinstance(model, StatisticalForecaster)


def unit_name(column: str) -> str:
    """Return the name of the covariate that a column belongs to: several columns tell one category."""
    return column.split("=")[0]


def cut_pieces(steps: int, season: int, most: int = MOST_PIECES) -> np.ndarray:
    """Return the stretch that each of ``steps`` steps belongs to, (steps,) int, 0 for the oldest.

    Stretches end with the last step and are seasons where `FEWEST_PIECES` to ``most`` of them fit; else equal parts
    of a season, or several seasons together. The oldest may be shorter.
    """
    size = max(1, season)
    if steps < FEWEST_PIECES * size:
        parts = [part for part in range(1, size + 1) if size % part == 0 and steps >= FEWEST_PIECES * part]
        size = max(parts, default=1)
    size *= -(-steps // (size * most))
    back = np.arange(steps)[::-1] // size
    return back[0] - back if steps else back


def usual_values(values: np.ndarray, seasons: tuple[int, ...]) -> np.ndarray:
    """Return what stands in for values (length,): the mean of their place in the longest season that fits twice.

    Without such a season it is the mean level.
    """
    length = len(values)
    season = max((one for one in seasons if 2 * one <= length), default=1)
    place = np.arange(length)[::-1] % season
    return (np.bincount(place, values) / np.maximum(np.bincount(place), 1))[place]


def times_text(times: np.ndarray) -> tuple[str, ...]:
    """Return times as text, or step numbers as such."""
    if np.issubdtype(times.dtype, np.datetime64):
        return tuple(pd.DatetimeIndex(times).strftime("%Y-%m-%d %H:%M:%S"))
    return tuple(str(int(one)) for one in times)


def _usual(panel: Panel, steps: int) -> Panel:
    """Return a panel of one series whose last steps and covariates are as they usually are there."""
    values = panel.values.copy()
    values[len(values) - steps :] = usual_values(panel.values[len(values) - steps :], panel.seasons)
    past, future, ahead = _means(panel.past), _means(panel.future), panel.ahead
    if ahead is not None and _has(ahead):
        known = future[0] if future is not None and _has(future) else np.zeros(ahead.shape[-1], dtype=np.float32)
        ahead = np.where(np.isnan(ahead), np.nan, known).astype(np.float32)
    return replace(panel, values=values, past=past, future=future, ahead=ahead)


def _means(values: np.ndarray | None) -> np.ndarray | None:
    """Return covariates (n, p) with every row the mean of all, where there are any."""
    if values is None or not _has(values):
        return values
    return np.broadcast_to(values.mean(axis=0), values.shape).copy()


def _has(values: np.ndarray | None) -> bool:
    return values is not None and values.shape[-1] > 0 and not np.isnan(values).all()
