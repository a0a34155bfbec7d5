"""How do series go on beyond their end?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.panel import Panel
from dl_core.data.series.plain import plain_rows
from dl_core.domain import Domain
from dl_core.pipeline import Run, Work, predict, write_predictions
from dl_core.probes.base import MODEL, Argument, Probe, of_the_best
from dl_core.probes.series.opened import fan, known_series, shown_history
from dl_core.probes.series.unusual_points import unusual_rows
from dl_core.schema import Role

SHOWN = 24  # series whose forecast comes back for charts; the file has all
MOST_LINES = 1_000  # rows of the table that come back


def forecast_ahead(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Forecast beyond the end of all series, the run's own or new ones, into ``forecasts.csv``."""
    name, search = run.check_model(arguments["model"]), arguments["search"]
    data = known_series(run, work)
    options = {key: arguments[key] for key in ("horizon", "reconcile", "hierarchy") if arguments[key]}
    if arguments["only"] and options.get("reconcile", "none") == "none":
        data = _fitting(data, search)
        if not len(data):
            return {"model": name, "charts": []}
    work.progress(0.3, f"Forecasting {data.table[data.column(Role.SERIES)].nunique()} series")
    lines = predict(domain, run, name, data, options=options)
    charts = _charts(Panel.of(data), lines, search)
    if arguments["only"]:
        return {"model": name, "charts": charts}
    path = work.place("forecasts.csv")
    table = write_predictions(domain, lines, data, path)
    work.progress(0.9, "Detecting anomalies")
    return {
        "model": name,
        "series": int(lines["row"].nunique()),
        "rows": len(table),
        "csv": work.named(path),
        "table": plain_rows(table.head(MOST_LINES)),
        "notes": [note.message for note in data.notes if note.level != "info"],
        "charts": charts,
        "unusual": unusual_rows(data),
    }


def _fitting(data: Dataset, search: str) -> Dataset:
    """Return the first series that have ``search`` in their name, as many as are drawn."""
    names = data.table[data.column(Role.SERIES)].astype(str)
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
            history = shown_history(panel.take([place[name]]), horizon)
        found.append({"series": name, "history": history, "forecast": fan(lines[lines["row"] == name])})
    return found


PROBE = Probe(
    name="forecast_ahead",
    title="Future forecast",
    purpose="A model's forecasts beyond the end of all series, the run's own or new ones, with recent anomalies.",
    panel="predict",
    verb=forecast_ahead,
    problems=("forecasting",),
    kinds=("series",),
    arguments=(
        MODEL,
        Argument("horizon", int, None, "forecast horizon; default: the run's"),
        Argument("reconcile", str, None, "reconciliation method: none, bottom up or mint"),
        Argument("hierarchy", str, None, "columns that define the hierarchy"),
        Argument("search", str, "", "search text for the series whose charts are returned"),
        Argument("only", bool, False, "whether only these are forecast and no file is written"),
    ),
    first=of_the_best,
    new_cases=True,
)
