"""Windows of series as networks read them: drawn at random for training, cut at the end for forecasting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from dl_core.data.series.gaps import TINY
from dl_core.data.series.panel import Panel


class Drawn(NamedTuple):
    """Training windows: ``inputs`` by name, in the series' unit, and ``truth`` (b, horizon), NaN where missing."""

    inputs: dict[str, np.ndarray]
    truth: np.ndarray


@dataclass(frozen=True)
class Covariates:
    """Past and known-ahead covariates brought to mean 0 and spread 1, with calendar features beside the latter.

    Parameters
    ----------
    past, future : tuple of numpy.ndarray
        Means and spreads, each (p,) and (f,).
    calendar : int
        Number of calendar features; 0 without time stamps.
    """

    past: tuple[np.ndarray, np.ndarray]
    future: tuple[np.ndarray, np.ndarray]
    calendar: int = 0

    @classmethod
    def of(cls, panel: Panel, calendar: bool = True) -> Self:
        """Return the scales of a panel's covariates, and calendar features where it has time stamps."""
        count = _calendar(panel.times[:1], panel.frequency).shape[1] if calendar else 0
        return cls(_scales(panel.past), _scales(panel.future), count)

    @property
    def sizes(self) -> tuple[int, int]:
        """Columns of ``past`` and of ``future`` as networks read them."""
        return len(self.past[0]), len(self.future[0]) + self.calendar

    def rows(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Return past (total, p) and future (total, f) of a panel's steps, float32."""
        past, future = _scaled(panel.past, self.past, len(panel.values)), None
        future = _scaled(panel.future, self.future, len(panel.values))
        if self.calendar:
            future = np.concatenate([future, _calendar(panel.times, panel.frequency)[:, : self.calendar]], axis=1)
        return past, future.astype(np.float32)

    def ahead(self, panel: Panel, horizon: int) -> np.ndarray:
        """Return future (n, horizon, f) of the steps after each series' end; what is not known is the mean."""
        found = np.zeros((len(panel), horizon, self.sizes[1]), dtype=np.float32)
        if panel.ahead is not None and len(self.future[0]):
            told = panel.ahead[:, :horizon]
            found[:, : told.shape[1], : told.shape[2]] = np.nan_to_num((told - self.future[0]) / self.future[1])
        if self.calendar and len(panel):
            times = panel.times_ahead(horizon)
            features = _calendar(times.reshape(-1), panel.frequency)[:, : self.calendar]
            found[:, :, len(self.future[0]) :] = features.reshape(*times.shape, -1)
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Return what `from_arrays` reads."""
        return {
            "past": np.stack(self.past),
            "future": np.stack(self.future),
            "calendar": np.array(self.calendar),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Return what `arrays` gave."""
        past, future = (tuple(arrays[name]) for name in ("past", "future"))
        return cls(past, future, int(arrays["calendar"]))


class Windows:
    """Training windows of a panel, drawn by series and by end.

    Every series has ends at which a whole window and a whole horizon fit; a shorter one is filled on the left with its
    first value, and misses the truths after its end.

    Parameters
    ----------
    panel : Panel
        May have missing values: inputs are filled, truths stay missing.
    length, horizon : int
        Steps read and steps ahead.
    covariates : Covariates
    recent : int
        Only so many last ends of each series are drawn; 0 for all.
    """

    def __init__(self, panel: Panel, length: int, horizon: int, covariates: Covariates, recent: int = 0) -> None:
        self.panel, self.length, self.horizon = panel, length, horizon
        self.filled = panel.filled()
        self.past, self.future = covariates.rows(panel)
        whole = panel.lengths - horizon
        self.last = np.where(whole > 1, whole, panel.lengths - 1)  # (n,) the last end that is drawn
        self.first = np.minimum(length, np.maximum(self.last // 2, 1))
        if recent:
            self.first = np.maximum(self.first, self.last - recent + 1)
        self.counts = np.maximum(self.last - self.first + 1, 0) * (self.last > 0)
        share = self.counts * (1.0 if panel.weight is None else np.maximum(panel.weight, 0.0))
        self.heap = np.cumsum(share)

    def __len__(self) -> int:
        """Windows there are to draw from."""
        return int(self.counts.sum()) if len(self.heap) and self.heap[-1] > 0 else 0

    def draw(self, random: np.random.Generator, count: int) -> Drawn:
        """Return ``count`` windows, every one as probable as its series weighs."""
        at = np.searchsorted(self.heap, random.random(count) * self.heap[-1], side="right")
        at = np.minimum(at, len(self.heap) - 1)
        ends = self.first[at] + (random.random(count) * self.counts[at]).astype(np.int64)
        return self.cut(at, ends)

    def cut(self, at: np.ndarray, ends: np.ndarray) -> Drawn:
        """Return the windows that end after ``ends`` (b,) steps of the series at ``at`` (b,), and what followed."""
        start = self.panel.starts[at][:, None]
        steps = ends[:, None] + np.arange(-self.length, 0)[None, :]  # (b, length) steps of the series
        rows = start + np.maximum(steps, 0)
        inputs = {"window": self.filled.values[rows]}
        if self.past.shape[1]:
            inputs["past"] = self.past[rows]
        if self.future.shape[1]:
            later = start + np.minimum(ends[:, None] + np.arange(self.horizon), self.panel.lengths[at][:, None] - 1)
            inputs["future"] = self.future[np.concatenate([rows, later], axis=1)]
        return Drawn(inputs, self.panel.truth(at, ends, self.horizon))


def last_windows(panel: Panel, length: int, horizon: int, covariates: Covariates) -> dict[str, np.ndarray]:
    """Return the inputs at each series' end: window (n, length), past (n, length, p), future (n, length + horizon, f).

    Parameters
    ----------
    panel : Panel
        Without missing values.
    length, horizon : int
    covariates : Covariates
    """
    steps = panel.lengths[:, None] + np.arange(-length, 0)[None, :]
    rows = panel.starts[:-1][:, None] + np.maximum(steps, 0)
    inputs: dict[str, Any] = {"window": panel.values[rows]}
    if not any(covariates.sizes):
        return inputs
    past, future = covariates.rows(panel)
    if past.shape[1]:
        inputs["past"] = past[rows]
    if future.shape[1]:
        inputs["future"] = np.concatenate([future[rows], covariates.ahead(panel, horizon)], axis=1)
    return inputs


def _calendar(times: np.ndarray, frequency: str) -> np.ndarray:
    if not frequency:
        return np.zeros((len(times), 0), dtype=np.float32)
    from dl_core.data.series.calendar import calendar_features

    return calendar_features(times, frequency)[0]


def _scales(values: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    if values is None or not len(values):
        return np.zeros(0), np.ones(0)
    spread = values.std(axis=0)
    middle = values.mean(axis=0)
    return middle, np.where(spread > TINY * np.abs(middle), spread, 1.0)


def _scaled(values: np.ndarray | None, scales: tuple[np.ndarray, np.ndarray], total: int) -> np.ndarray:
    if values is None or not len(scales[0]):
        return np.zeros((total, len(scales[0])), dtype=np.float32)
    return ((values - scales[0]) / scales[1]).astype(np.float32)
