"""Jobs that show what the models of a run said of test windows, over the history that they went on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.origins import rolling_origins, stride_of
from dl_core.data.series.panel import Panel
from dl_core.errors import OptionError
from dl_core.evaluate.series.forecasts import Cases, Forecasts
from dl_core.problems.forecasting import before_test
from dl_core.tasks.opening import open_run, stamp
from dl_core.tasks.rows import plain
from dl_core.train.run import Run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

BANDS = {"lower_95": "q_0.025", "lower_80": "q_0.1", "middle": "q_0.5", "upper_80": "q_0.9", "upper_95": "q_0.975"}
SEASONS_SHOWN, HORIZONS_SHOWN = 3, 3  # how much history stands before a forecast, whichever is more
MOST_SHOWN = 1_000  # steps of history in a chart
MOST_FOUND = 60


def series_found(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """List judged series: by ``args["search"]``, else by ``args["kind"]`` (worst, typical, best) of ``args["model"]``.

    Each line has the series' id, its groups, and each model's MASE over the test windows.
    """
    _, run = open_run(args, context)
    table = errors_by_series(run)
    name = run.check_model(args.get("model"))
    search, kind = str(args.get("search") or "").strip().casefold(), args.get("kind") or "worst"
    order = table[name].sort_values(ascending=kind == "best", kind="stable").index
    if kind == "typical":
        order = (table[name] - table[name].median()).abs().sort_values(kind="stable").index
    if search:
        order = pd.Index([one for one in order if search in str(one).casefold()])
    static = held(run).known.static
    found = []
    for series in order[:MOST_FOUND]:
        groups = {} if static is None or series not in static.index else static.loc[series].to_dict()
        errors = {model: plain(value) for model, value in table.loc[series].items()}
        found.append({"series": series, "groups": {key: plain(v) for key, v in groups.items()}, "errors": errors})
    return {"model": name, "total": len(order), "judged": len(table), "series": found}


def series_forecasts(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return one test window of ``args["series"]``: history, truth, and what ``args["models"]`` said, with intervals.

    ``args["window"]`` is the number of the window, the last one by default.
    """
    _, run = open_run(args, context)
    names = [run.check_model(name) for name in args.get("models") or run.trained]
    series = str(args["series"])
    lines = run.predictions.table
    lines = lines[(lines["split"] == "test") & (lines["row"] == series)]
    if lines.empty:
        raise OptionError("this series has no test window", todo="pick another series")
    windows = sorted(int(one) for one in lines["window"].unique())
    window = int(args["window"]) if args.get("window") is not None else windows[-1]
    if window not in windows:
        raise OptionError(f"there is no window {window}", expected=f"0 to {windows[-1]}")
    lines = lines[lines["window"] == window]
    spoken = {name: part for name, part in lines.groupby("model", sort=False) if name in names}
    first = next(iter(spoken.values()))
    return {
        "series": series,
        "window": window,
        "windows": len(windows),
        "history": history_json(*held(run).history(series, window)),
        "truth": {"time": times_json(first["time"].to_numpy()), "value": numbers(first["y_true"])},
        "models": {name: fan(spoken[name]) for name in names if name in spoken},
        "errors": {name: plain(value) for name, value in _window_errors(run, series, window, names).items()},
    }


class Held:
    """The test windows of a run, for charts and questions about single series."""

    def __init__(self, dataset: Dataset, run: Run) -> None:
        self.known = before_test(dataset, run.splits)
        self.later = Panel.of(dataset.subset(run.splits.test))
        self.horizon = run.predictions.horizon
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
        cases = np.asarray(cases, dtype=np.int64)
        return self.both.until(self.origins.at[cases], self.origins.ends[cases], self.horizon, most=most)

    def history(self, series: str, window: int) -> tuple[np.ndarray, np.ndarray]:
        """Return times and values before a window, as much as a chart shows."""
        return shown_history(self.panel([self.case(series, window)]), self.horizon)


def held(run: Run) -> Held:
    """Return the test windows of a run, from memory if they were used lately."""
    return _held(str(run.folder), str(run.dataset["path"]), stamp(run.folder))


@lru_cache(maxsize=2)
def _held(folder: str, path: str, changed: int) -> Held:
    from dataclasses import replace

    run = Run.load(Path(folder))
    run = replace(run, dataset={**run.dataset, "path": path})
    return Held(run.load_dataset(), run)


def errors_by_series(run: Run) -> pd.DataFrame:
    """Return MASE over the test windows by series (rows) and model (columns)."""
    return _errors(str(run.folder), stamp(run.folder), run.dataset["path"])


@lru_cache(maxsize=2)
def _errors(folder: str, changed: int, path: str) -> pd.DataFrame:
    run = Run.load(Path(folder))
    known = _held(folder, path, changed).known
    scale = pd.Series(known.scales(), index=known.series)
    columns = {}
    for name in run.trained:
        cases = run.predictions.cases(name, "test")
        columns[name] = pd.Series(scaled_error(cases, scale), index=cases.series).groupby(level=0, sort=False).mean()
    return pd.DataFrame(columns)


def scaled_error(cases: Cases, scale: pd.Series) -> np.ndarray:
    """Return the mean absolute error of each case in units of its series' scale, (m,); NaN without a truth."""
    error = np.abs(cases.middle - cases.truth)
    known = ~np.isnan(error)
    mean = np.where(known, error, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), mean / scale.reindex(cases.series).to_numpy(), np.nan)


def _window_errors(run: Run, series: str, window: int, names: Sequence[str]) -> dict[str, float]:
    known = held(run).known
    scale = pd.Series(known.scales(), index=known.series)
    found = {}
    for name in names:
        table = run.predictions.of(name, "test")
        one = Forecasts(table[(table.index == series) & (table["window"] == window)].reset_index()).cases(name, "test")
        found[name] = float(scaled_error(one, scale)[0])
    return found


def shown_history(panel: Panel, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values of the last steps of a panel's first series, as much as a chart shows."""
    most = min(MOST_SHOWN, max(SEASONS_SHOWN * panel.season, HORIZONS_SHOWN * horizon))
    return panel.times[: panel.starts[1]][-most:], panel.of_series(0)[-most:]


def history_json(times: np.ndarray, values: np.ndarray) -> dict[str, list]:
    """Return steps as plain JSON."""
    return {"time": times_json(times), "value": numbers(values)}


def fan(lines: pd.DataFrame) -> dict[str, list]:
    """Return a forecast with its intervals as plain JSON."""
    return {"time": times_json(lines["time"].to_numpy())} | {
        name: numbers(lines[column]) for name, column in BANDS.items()
    }


def times_json(times: np.ndarray) -> list:
    """Return times as text, or step numbers as they are."""
    if np.issubdtype(times.dtype, np.datetime64):
        return pd.DatetimeIndex(times).strftime("%Y-%m-%d %H:%M:%S").tolist()
    return [int(one) for one in times]


def numbers(values: Any) -> list[float | None]:
    """Return numbers as plain JSON, None where missing."""
    return [None if np.isnan(one) else float(one) for one in np.asarray(values, dtype=float)]
