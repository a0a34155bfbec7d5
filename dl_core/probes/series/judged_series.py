"""Which series are forecast worst, typically or best?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dl_core.data.rows import plain
from dl_core.domain import Domain
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODEL, Argument, Asked, Probe
from dl_core.probes.series.opened import errors_by_series, windows_of

KINDS = ("worst", "typical", "best")
MOST_FOUND = 60


def judged_series(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """List judged series by words in their id, in the order of one model's error.

    Each line has the series' id, its groups, and each model's MASE over the test windows.
    """
    table = errors_by_series(run)
    name, kind, search = run.check_model(arguments["model"]), arguments["kind"], arguments["search"].strip().casefold()
    order = table[name].sort_values(ascending=kind == "best", kind="stable").index
    if kind == "typical":
        order = (table[name] - table[name].median()).abs().sort_values(kind="stable").index
    if search:
        order = pd.Index([one for one in order if search in str(one).casefold()])
    static = windows_of(run).known.static
    found = []
    for series in order[:MOST_FOUND]:
        groups = {} if static is None or series not in static.index else static.loc[series].to_dict()
        errors = {model: plain(value) for model, value in table.loc[series].items()}
        found.append({"series": series, "groups": {key: plain(v) for key, v in groups.items()}, "errors": errors})
    return {"model": name, "total": len(order), "judged": len(table), "series": found}


def first(asked: Asked) -> list[dict[str, Any]]:
    """Ask what the best network forecasts typically well."""
    return [{"model": asked.shown, "kind": "typical"}]


PROBE = Probe(
    name="judged_series",
    title="Evaluated series",
    purpose="Evaluated series with each model's error: worst, typical or best first.",
    panel="compare",
    verb=judged_series,
    problems=("forecasting",),
    kinds=("series",),
    arguments=(
        MODEL,
        Argument("kind", str, "worst", "which come first", KINDS),
        Argument("search", str, "", "search text"),
    ),
    first=first,
)
