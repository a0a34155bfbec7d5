"""Jobs that forecast beyond the end: of the run's own series or of uploaded ones, and what if plans change."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.safe_export import neutralise
from dl_core.data.series.panel import Panel
from dl_core.domain import Domain, ReadRequest
from dl_core.errors import OptionError
from dl_core.evaluate.results import records
from dl_core.evaluate.series.unusual import unusual_points
from dl_core.schema import Role
from dl_core.tasks.data import upload_folder
from dl_core.tasks.opening import open_model, open_run, private_folder, relative
from dl_core.tasks.rows import plain
from dl_core.tasks.series.results import fan, history_json, numbers, shown_history, times_json
from dl_core.train.series.answers import new_rows

if TYPE_CHECKING:
    from dl_core.engine import TaskContext
    from dl_core.train.run import Run

SHOWN = 24  # series whose forecast comes back for charts; the file has all
MOST_LINES = 1_000  # rows of the table that come back


def forecast_ahead(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Forecast beyond the end of all series: the run's own, those in ``args["upload"]``, or the examples that ship.

    Parameters
    ----------
    args : mapping
        ``model``; ``horizon`` (steps, the run's by default); ``reconcile`` ("none", "bottom up", "mint") and
        ``hierarchy``; ``search`` narrows the series that come back for charts, and with ``only`` no others are
        forecast (unless sums must add up) and no file is written.
    """
    domain, run = open_run(args, context)
    name, model = open_model(domain, run, args.get("model"))
    context.progress(0.1, "Reading the series")
    data, search = _new_series(domain, run, args, context), str(args.get("search") or "")
    options = {key: args[key] for key in ("horizon", "reconcile", "hierarchy") if args.get(key)}
    if args.get("only") and options.get("reconcile", "none") == "none":
        data = _fitting(data, search)
        if not len(data):
            return {"model": name, "charts": []}
    context.progress(0.3, f"Forecasting {data.table[data.column(Role.SERIES)].nunique()} series")
    lines = pipeline.predict(domain, run, name, data, opened=model, options=options)
    if args.get("only"):
        return {"model": name, "charts": _charts(Panel.of(data), lines, search)}
    table = domain.prediction_table(lines, data)
    path = private_folder(context) / "forecasts.csv"
    neutralise(table).to_csv(path, index=False)
    if args.get("upload") and not args.get("keep"):
        shutil.rmtree(upload_folder(args, context), ignore_errors=True)
    context.progress(0.9, "Looking for unusual points")
    return {
        "model": name,
        "series": int(lines["row"].nunique()),
        "rows": len(table),
        "csv": relative(path, context),
        "table": [{key: _plain_time(value) for key, value in row.items()} for row in records(table.head(MOST_LINES))],
        "notes": [note.message for note in data.notes if note.level != "info"],
        "charts": _charts(Panel.of(data), lines, search),
        "unusual": _unusual(Panel.of(data)),
    }


def _new_series(domain: Domain, run: Run, args: Mapping[str, Any], context: TaskContext) -> Dataset:
    """Return the run's own series with all that is known of them, or new ones read as those were."""
    if args.get("examples"):
        paths = [sample.examples for sample in (domain.sample, *domain.more_samples) if sample and sample.examples]
        if not paths:
            raise OptionError("this sample has no examples", todo="choose a file")
    elif args.get("upload"):
        paths = sorted(upload_folder(args, context).iterdir())
    else:
        return run.history()
    request = ReadRequest(tuple(paths), options=run.read_options(), labelled=False, name="New series")
    return pipeline.ingest(domain, request)


def _fitting(data: Dataset, search: str) -> Dataset:
    """Return the first series that have ``search`` in their name, as many as are drawn."""
    names = data.values(Role.SERIES).astype(str)
    known = [name for name in names.unique() if search.casefold() in name.casefold()][:SHOWN]
    return data.subset(data.ids[names.isin(known).to_numpy()])


def _charts(panel: Panel, lines: pd.DataFrame, search: str) -> list[dict[str, Any]]:
    """Return history and forecast of the first series, sums first where there are any."""
    place = {name: at for at, name in enumerate(panel.series)}
    names = [name for name in lines["row"].unique() if search.casefold() in str(name).casefold()]
    names.sort(key=lambda name: name in place)
    horizon, found = int(lines["step"].max()), []
    for name in names[:SHOWN]:
        history = None
        if name in place:
            history = history_json(*shown_history(panel.take([place[name]]), horizon))
        found.append({"series": name, "history": history, "forecast": fan(lines[lines["row"] == name])})
    return found


def _unusual(panel: Panel) -> list[dict[str, Any]]:
    """Return the recent points that the history would not have led to expect, the strangest first."""
    table = unusual_points(panel)
    return [{key: _plain_time(value) for key, value in row.items()} for row in records(table.head(50))]


def _plain_time(value: Any) -> Any:
    if isinstance(value, pd.Timestamp | np.datetime64):
        return times_json(np.array([value], dtype="datetime64[ns]"))[0]
    return plain(value)


def what_if_forecast(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Forecast ``args["series"]`` with every model, as planned and with ``args["changes"]`` of what is known ahead.

    ``changes`` maps a known-ahead covariate to ``{"set": value}`` or ``{"add": value}`` and, where only some steps
    change, ``"steps": [first, last]`` (1 first).
    """
    domain, run = open_run(args, context)
    panel = Panel.of(run.history())
    series = str(args.get("series") or panel.series[0])
    at = np.flatnonzero(panel.series == series)
    if not len(at):
        raise OptionError("this series is not part of the data", todo="search for another one")
    horizon = run.predictions.horizon
    one = _with_plan(panel.take(at[:1]), horizon)
    changed = _changed(one, args.get("changes") or {}, horizon)
    forecasts = {}
    for name in run.trained:
        _, model = open_model(domain, run, name)
        about = run.models[name]
        forecasts[name] = {
            when: fan(new_rows(about, model, panel, {"horizon": horizon}))
            for when, panel in (("before", one), ("after", changed))
        }
    plan = (
        {}
        if one.ahead is None
        else {
            covariate: {"before": numbers(one.ahead[0, :, k]), "after": numbers(changed.ahead[0, :, k])}
            for k, covariate in enumerate(one.future_names)
        }
    )
    return {
        "series": series,
        "all": [str(name) for name in panel.series[:MOST_LINES]],
        "covariates": list(one.future_names),
        "time": times_json(one.times_ahead(horizon)[0]),
        "plan": plan,
        "history": history_json(*shown_history(one, horizon)),
        "models": forecasts,
    }


def _with_plan(panel: Panel, horizon: int) -> Panel:
    """Return one series with a plan for each step ahead: what is known, else the values of a season before."""
    if panel.future is None:
        return panel
    ahead = np.full((1, horizon, panel.future.shape[1]), np.nan, dtype=np.float32)
    if panel.ahead is not None:
        told = panel.ahead[:, :horizon]
        ahead[:, : told.shape[1]] = told
    season = panel.seasons[-1] if panel.seasons else 1
    for step in range(horizon):
        back = len(panel.values) + step - season
        before = (
            panel.future[back] if 0 <= back < len(panel.values) else ahead[0, step - season] if step >= season else 0
        )
        ahead[0, step] = np.where(np.isnan(ahead[0, step]), before, ahead[0, step])
    return replace(panel, ahead=ahead)


def _changed(panel: Panel, changes: Mapping[str, Mapping[str, Any]], horizon: int) -> Panel:
    for name in changes:
        if name not in panel.future_names:
            raise OptionError(
                f"{name!r} is not known ahead", where="changes", expected=", ".join(panel.future_names) or "none"
            )
    if panel.ahead is None:
        return panel
    ahead = panel.ahead.copy()
    for name, change in changes.items():
        first, last = change.get("steps") or (1, horizon)
        part = ahead[0, int(first) - 1 : int(last), panel.future_names.index(name)]
        part[:] = float(change["set"]) if "set" in change else part + float(change.get("add", 0.0))
    return replace(panel, ahead=ahead)
