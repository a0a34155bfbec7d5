"""Which recent points would the history not have led one to expect?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.dataset import Dataset
from dl_core.data.series.panel import Panel
from dl_core.data.series.plain import plain_rows
from dl_core.domain import Domain
from dl_core.evaluate.series.unusual import unusual_points as stage
from dl_core.pipeline import Run, Work
from dl_core.probes.base import Probe
from dl_core.probes.series.opened import known_series

MOST_POINTS = 50


def unusual_points(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the unusual points of the run's series, or of new ones, the strangest first."""
    return {"rows": unusual_rows(known_series(run, work))}


def unusual_rows(data: Dataset) -> list[dict[str, Any]]:
    """Return the unusual points of series as plain JSON; see `evaluate.series.unusual`."""
    return plain_rows(stage(Panel.of(data)).head(MOST_POINTS))


PROBE = Probe(
    name="unusual_points",
    title="Recent anomalies",
    purpose="Recent observations far outside their expected range, largest z-score first.",
    panel="predict",
    verb=unusual_points,
    problems=("forecasting",),
    kinds=("series",),
    new_cases=True,
)
