"""What if what is known ahead were planned otherwise?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.data.series.plain import numbers, times_json
from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.evaluate.series.forecasts import Forecasts
from dl_core.models.series.base import Forecaster
from dl_core.pipeline import Run, Work
from dl_core.probes.base import Argument, Probe, Values, at_once, open_as, said_by
from dl_core.probes.series.opened import fan, known_series, shown_history
from dl_core.train.series.answers import new_rows

MOST_NAMED = 1_000  # series whose names come back


def what_if_plan(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Forecast one series with every model, as planned and with changes of what is known ahead."""
    panel = Panel.of(known_series(run, work))
    series = arguments["series"] or str(panel.series[0])
    at = np.flatnonzero(panel.series == series)
    if not len(at):
        raise OptionError("this series is not part of the data", todo="search for another one")
    horizon = said_by(run, Forecasts).horizon
    one = _with_plan(panel.take(at[:1]), horizon)
    changed = _changed(one, arguments["changes"], horizon)
    forecasts = {}
    for name in run.trained:
        _, model = open_as(domain, run, name, Forecaster)
        forecasts[name] = {
            when: fan(new_rows(run.models[name], model, planned, {"horizon": horizon}))
            for when, planned in (("before", one), ("after", changed))
        }
    plan = {}
    if one.ahead is not None and changed.ahead is not None:
        plan = {
            covariate: {"before": numbers(one.ahead[0, :, k]), "after": numbers(changed.ahead[0, :, k])}
            for k, covariate in enumerate(one.future_names)
        }
    return {
        "series": series,
        "all": [str(name) for name in panel.series[:MOST_NAMED]],
        "covariates": list(one.future_names),
        "time": times_json(one.times_ahead(horizon)[0]),
        "plan": plan,
        "history": shown_history(one, horizon),
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
                f"{name!r} is not a future covariate", where="changes", expected=", ".join(panel.future_names) or "none"
            )
    if panel.ahead is None:
        return panel
    ahead = panel.ahead.copy()
    for name, change in changes.items():
        first, last = change.get("steps") or (1, horizon)
        part = ahead[0, int(first) - 1 : int(last), panel.future_names.index(name)]
        part[:] = float(change["set"]) if "set" in change else part + float(change.get("add", 0.0))
    return replace(panel, ahead=ahead)


PROBE = Probe(
    name="what_if_plan",
    title="What if: future covariates",
    purpose="Every model's forecast of one series, with planned and with changed future covariates.",
    panel="predict",
    verb=what_if_plan,
    problems=("forecasting",),
    kinds=("series",),
    arguments=(
        Argument("series", str, None, "id of a series; the first by default"),
        Argument(
            "changes",
            Values,
            Values(),
            'covariate to {"set": value} or {"add": value}, and "steps": [first, last] where only some change, as JSON',
        ),
    ),
    first=at_once,
)
