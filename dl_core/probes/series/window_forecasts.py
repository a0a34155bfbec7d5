"""What did models forecast for a test window, over the history that they went on from?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dl_core.data.rows import plain
from dl_core.data.series.plain import numbers, times_json
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.evaluate.series.forecasts import Forecasts
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Asked, Probe
from dl_core.probes.series.opened import SERIES, WINDOW, fan, scaled_error, scales_of, windows_of


def window_forecasts(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return one test window of a series: history, truth, and what each model said, with intervals."""
    names = [run.check_model(name) for name in arguments["models"] or run.trained]
    series, window = arguments["series"], arguments["window"]
    lines = run.predictions.table
    lines = lines[(lines["split"] == "test") & (lines["row"] == series)]
    if lines.empty:
        raise OptionError("this series has no test window", todo="pick another series")
    windows = sorted(int(one) for one in lines["window"].unique())
    window = windows[-1] if window is None else window
    if window not in windows:
        raise OptionError(f"there is no window {window}", expected=f"0 to {windows[-1]}")
    lines = lines[lines["window"] == window]
    spoken = {name: part for name, part in lines.groupby("model", sort=False) if name in names}
    first = next(iter(spoken.values()))
    return {
        "series": series,
        "window": window,
        "windows": len(windows),
        "history": windows_of(run).history(series, window),
        "truth": {"time": times_json(first["time"].to_numpy()), "value": numbers(first["y_true"])},
        "models": {name: fan(spoken[name]) for name in names if name in spoken},
        "errors": {name: plain(value) for name, value in _errors(run, series, window, names).items()},
    }


def _errors(run: Run, series: str, window: int, names: Sequence[str]) -> dict[str, float]:
    scale, found = scales_of(run), {}
    for name in names:
        table = run.predictions.of(name, "test")
        one = Forecasts(table[(table.index == series) & (table["window"] == window)].reset_index()).cases(name, "test")
        found[name] = float(scaled_error(one, scale)[0])
    return found


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask for the first of the judged series."""
    return [{"series": one["series"]} for one in asked.answers.get("judged_series", {}).get("series", [])[:1]]


PROBE = Probe(
    name="window_forecasts",
    title="Forecasts of a test window",
    purpose="Forecasts of a test window of a series with prediction intervals, history and actual values.",
    panel="compare",
    verb=window_forecasts,
    problems=("forecasting",),
    kinds=("series",),
    arguments=(SERIES, WINDOW, MODELS),
    first=first,
)
