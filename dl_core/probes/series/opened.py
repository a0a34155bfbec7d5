"""What is kept open of a run of forecasters: its test windows and each model's error on every series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.origins import rolling_origins, stride_of
from dl_core.data.series.panel import Panel
from dl_core.data.series.plain import history_json, numbers, times_json
from dl_core.errors import OptionError
from dl_core.evaluate.series.forecasts import Cases, Forecasts
from dl_core.pipeline import Run, Work, kept
from dl_core.probes.base import Argument, said_by
from dl_core.problems.forecasting import before_test

BANDS = {"lower_95": "q_0.025", "lower_80": "q_0.1", "middle": "q_0.5", "upper_80": "q_0.9", "upper_95": "q_0.975"}
SEASONS_SHOWN, HORIZONS_SHOWN = 3, 3  # how much history stands before a forecast, whichever is more
MOST_SHOWN = 1_000  # steps of history in a chart

SERIES = Argument("series", str, None, "id of a series", required=True)
WINDOW = Argument("window", int, None, "number of a test window from 0; the last by default")


class TestWindows:
    """The test windows of a run, for charts and questions about single series."""

    def __init__(self, dataset: Dataset, run: Run) -> None:
        self.known = before_test(dataset, run.splits)
        self.later = Panel.of(dataset.subset(run.splits.test))
        self.horizon = said_by(run, Forecasts).horizon
        self.both = self.known.append(self.later)
        self.origins = rolling_origins(self.known, self.later, self.horizon, stride_of(run.spec.options, self.horizon))
        self.place = {
            (self.known.series[at], int(window)): number
            for number, (at, window) in enumerate(zip(self.origins.at, self.origins.window, strict=True))
        }

    def case(self, series: str, window: int | None) -> int:
        """Return the position of a window among `origins`, the series' last one for None.

        Raises
        ------
        OptionError
            If there is none.
        """
        windows = [number for name, number in self.place if name == series]
        chosen = max(windows, default=-1) if window is None else int(window)
        if (series, chosen) not in self.place:
            raise OptionError("this series has no such test window", todo="pick another series or window")
        return self.place[series, chosen]

    def panel(self, cases: Sequence[int], most: int | None = None) -> Panel:
        """Return what was known at the origins of some cases."""
        places = np.asarray(cases, dtype=np.int64)
        return self.both.until(self.origins.at[places], self.origins.ends[places], self.horizon, most=most)

    def history(self, series: str, window: int) -> dict[str, list]:
        """Return what stands before a window, as much as a chart shows, as plain JSON."""
        return shown_history(self.panel([self.case(series, window)]), self.horizon)


def known_series(run: Run, work: Work) -> Dataset:
    """Return the new series that are asked about, else all that is known of the run's own.

    Raises
    ------
    OptionError
        If the run's own are not there any more.
    """
    data = run.history() if work.data is None else work.data
    if data is None:
        raise OptionError("the series of this run are gone", where=run.folder.name, todo="name new ones")
    return data


@kept(2)
def windows_of(run: Run) -> TestWindows:
    """Return the test windows of a run, from memory if they were used lately."""
    return TestWindows(run.load_dataset(), run)


def scales_of(run: Run) -> pd.Series:
    """Return the scale of each series before the test, by which errors are measured."""
    known = windows_of(run).known
    return pd.Series(known.scales(), index=known.series)


@kept(2)
def errors_by_series(run: Run) -> pd.DataFrame:
    """Return MASE over the test windows by series (rows) and model (columns)."""
    scale, columns = scales_of(run), {}
    for name in run.trained:
        cases = said_by(run, Forecasts).cases(name, "test")
        columns[name] = pd.Series(scaled_error(cases, scale), index=cases.series).groupby(level=0, sort=False).mean()
    return pd.DataFrame(columns)


def scaled_error(cases: Cases, scale: pd.Series) -> np.ndarray:
    """Return the mean absolute error of each case in units of its series' scale, (m,); NaN without a truth."""
    error = np.abs(cases.middle - cases.truth)
    known = ~np.isnan(error)
    mean = np.where(known, error, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), mean / scale.reindex(cases.series).to_numpy(), np.nan)


def shown_history(panel: Panel, horizon: int) -> dict[str, list]:
    """Return the last steps of a panel's first series, as much as a chart shows, as plain JSON."""
    most = min(MOST_SHOWN, max(SEASONS_SHOWN * panel.season, HORIZONS_SHOWN * horizon))
    return history_json(panel.times[: panel.starts[1]][-most:], panel.of_series(0)[-most:])


def fan(lines: pd.DataFrame) -> dict[str, list]:
    """Return a forecast with its intervals as plain JSON."""
    return {"time": times_json(lines["time"].to_numpy())} | {
        name: numbers(lines[column]) for name, column in BANDS.items()
    }
