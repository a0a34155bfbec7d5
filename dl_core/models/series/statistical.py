"""The statistical methods a network has to beat: exponential smoothing, Theta and ARIMA, fitted to each series."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.adjust import CYCLES, Adjusted, adjust
from dl_core.models.series.base import Held
from dl_core.models.series.direct import RECENT, DirectForecaster
from dl_core.models.series.limited import Tally, Way, choose_way, each_in_time, is_wild
from dl_core.models.series.quick_theta import quick_theta
from dl_core.models.store import load_about, save_about

TIME_LIMIT = 60.0  # seconds for all series of one call
SEASONS_READ = 6  # cycles that a season is read from
FEWEST = 5  # steps under which a series is left to the quick method
FEW_ORDERS = {"d": 1, "max_p": 2, "max_q": 1, "start_p": 1, "start_q": 1, "nmodels": 6}  # a third of the time
SHORT = 100  # steps that the quickest way reads
CALLS = 3  # windows that a test usually has, where no held-out windows say how many cases to expect
WIDTHS = [round(100 * (1 - 2 * level)) for level in LEVELS[:MIDDLE]]  # of intervals, 95 … 20 %


class StatisticalForecaster(DirectForecaster):
    """A method of `statsforecast` that is fitted to each series anew when it is asked.

    All series of one call share ``time_limit`` seconds (option, 60 by default). The number of series decides which of
    the subclass's ``ways`` is used: the method with its season, or on series that their seasons were taken off
    (`adjust`), or a quicker form of that. A series that finds no time, fails, or would be forecast far outside of all
    it has been, gets the quick Theta method, and so does a constant one or one shorter than `FEWEST` steps.

    Attributes
    ----------
    chosen : dict
        ``way``: name; ``last``: of the last call ``cases``, ``no_time``, ``failed`` (the latter two fell back).

    Notes
    -----
    Deviations from the methods as published: at most `RECENT` last steps are read (`SEASONS_READ` cycles for a
    season), and seasons are taken off first where they are longer than the method can model in the time, or several.
    """

    ways: tuple[Way, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.time_limit, self.tally, self.until = TIME_LIMIT, Tally(), np.inf
        self.seasons: tuple[int, ...] = ()
        self.check_stop: Callable[[], None] = lambda: None

    @abstractmethod
    def method(self, season: int) -> Any:
        """Return the model of `statsforecast` for a season of so many steps, 1 for none."""

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Choose the way by the number of series, seasons and the time limit."""
        context.progress(0.0, "Selecting models within the time limit")
        self.time_limit = float(context.options.get("time_limit") or TIME_LIMIT)
        self.seasons, self.check_stop = tuple(known.seasons), context.check_stop
        if held is not None or "way" not in self.chosen:
            cases = max(len(held.history) if held is not None else 0, CALLS * len(known))
            self.chosen = {"way": choose_way(self.ways, self.seasons, cases, self.time_limit).name}
        self.method(1)  # imports the library now, which takes seconds, rather than within a forecast's time limit
        context.progress(1.0, "Fitted per series at forecast time")

    @property
    def way(self) -> Way:
        """The way that `learn` chose."""
        return next((way for way in self.ways if way.name == self.chosen.get("way")), self.ways[-1])

    @property
    def reach(self) -> int:
        """Steps that the way and the seasons need."""
        return max(self.way.most, SEASONS_READ * max(self.seasons, default=1))

    def forecast(self, panel: Panel, horizon: int | None = None) -> np.ndarray:
        """Return quantiles (n, horizon, levels); the time limit counts from here."""
        self.tally, self.until = Tally(), time.monotonic() + self.time_limit
        found = super().forecast(panel, horizon)
        self.chosen["last"] = self.tally.as_dict()
        return found

    def quantiles(self, panel: Panel, horizon: int) -> np.ndarray:
        """Return quantiles (n, horizon, levels) of a panel without missing values."""
        scales = np.array([_unit(panel.of_series(at)) for at in range(len(panel))])
        cases = [adjust(panel.of_series(at) / scales[at], self.seasons) for at in range(len(panel))]
        found = _quick(cases, horizon)

        def one(at: int) -> np.ndarray | None:
            return self._one(panel.of_series(at) / scales[at], cases[at], horizon)

        affordable = int(self.time_limit / self.way.cost)
        each_in_time(one, found, until=self.until, affordable=affordable, tally=self.tally, check_stop=self.check_stop)
        return found * scales[:, None, None]

    def _one(self, values: np.ndarray, adjusted: Adjusted, horizon: int) -> np.ndarray | None:
        """Return quantiles (horizon, levels) of one series in its own unit; None where there is nothing to fit."""
        season = self.seasons[0] if self.way.seasonal > 1 and self.seasons else 1
        own = season > 1 and len(values) >= CYCLES * season + FEWEST
        read = (values if own else adjusted.values)[-self.way.most :]
        if len(read) < FEWEST or np.ptp(read) == 0:
            return None
        told = self.method(season if own else 1).forecast(np.ascontiguousarray(read), horizon, level=WIDTHS)
        sides = [told[f"lo-{width}"] for width in WIDTHS], [told[f"hi-{width}"] for width in reversed(WIDTHS)]
        found = np.stack([*sides[0], told["mean"], *sides[1]], axis=1)
        if is_wild(found[:, MIDDLE], read):
            raise ValueError("far outside the range of the history")
        return found if own else adjusted.put_back(found)

    def save(self, folder: Path) -> None:
        """Write settings as JSON."""
        about = {"horizon": self.horizon, "chosen": self.chosen}
        save_about(folder, {**about, "time_limit": self.time_limit, "seasons": list(self.seasons)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        model, about = super().load(folder), load_about(folder)
        model.time_limit, model.seasons = about["time_limit"], tuple(about["seasons"])
        return model


class AutoEts(StatisticalForecaster):
    """Exponential smoothing in its state-space forms, chosen for each series by AICc.

    References
    ----------
    Hyndman, Koehler, Ord, Snyder (2008), "Forecasting with exponential smoothing: the state space approach".
    """

    ways = (
        Way("seasonal", RECENT, 24, 0.25),
        Way("adjusted", RECENT, 1, 0.02),
        Way("adjusted, short history", SHORT, 1, 0.01),
    )

    def method(self, season: int) -> Any:
        """Return `statsforecast.models.AutoETS`."""
        from statsforecast.models import AutoETS

        return AutoETS(season_length=season)


class AutoTheta(StatisticalForecaster):
    """The best of four Theta models for each series: standard or optimised, static or dynamic.

    References
    ----------
    Fiorucci, Pellegrini, Louzada, Petropoulos, Koehler (2016), "Models for optimising the theta method and their
    relationship to state space models", IJF 32(4).
    """

    ways = (
        Way("adjusted", RECENT, 1, 0.02),
        Way("adjusted, short history", SHORT, 1, 0.01),
    )

    def method(self, season: int) -> Any:
        """Return `statsforecast.models.AutoTheta`."""
        from statsforecast.models import AutoTheta as Method

        return Method(season_length=season)


class AutoArima(StatisticalForecaster):
    """ARIMA with orders chosen for each series by tests of unit roots and a stepwise search on AICc.

    References
    ----------
    Hyndman, Khandakar (2008), "Automatic time series forecasting: the forecast package for R", JSS 27(3). Deviation:
    orders up to 3, and where there are many series only those of `FEW_ORDERS` on first differences.
    """

    ways = (
        Way("seasonal", RECENT, 12, 1.0),
        Way("adjusted", RECENT, 1, 0.12),
        Way("adjusted, few orders", RECENT, 1, 0.04),
    )

    def method(self, season: int) -> Any:
        """Return `statsforecast.models.AutoARIMA`."""
        from statsforecast.models import AutoARIMA

        few = FEW_ORDERS if self.way.name == "adjusted, few orders" else {"max_p": 3, "max_q": 3}
        return AutoARIMA(season_length=season, approximation=True, **few)


def _unit(values: np.ndarray) -> float:
    """Return the mean size of a series, 1 for zeros: optimisers stop too early on tiny numbers."""
    size = float(np.abs(values).mean()) if len(values) else 0.0
    return size if size > 0 else 1.0


def _quick(cases: list[Adjusted], horizon: int) -> np.ndarray:
    """Return the quick Theta method's quantiles (n, horizon, levels) of all cases."""
    most = max((min(len(case.values), RECENT) for case in cases), default=1)
    values = np.full((len(cases), most), np.nan)
    for at, case in enumerate(cases):
        recent = case.values[-most:]
        values[at, most - len(recent) :] = recent
    found = quick_theta(values, horizon)
    return np.array([case.put_back(one) for case, one in zip(cases, found, strict=True)]).reshape(found.shape)
