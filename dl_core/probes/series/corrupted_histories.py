"""How do forecasts bear a corrupted history?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dl_core.data.rows import plain
from dl_core.domain import Domain
from dl_core.models.series.base import Forecaster
from dl_core.pipeline import Run, Work
from dl_core.probes.base import MODELS, Probe, at_once, open_as
from dl_core.problems.forecasting import FORECASTING

MOST_CORRUPTED = 60  # test windows that are looked at; enough for a chart, quick enough to wait for


def corrupted_histories(domain: Domain, run: Run, work: Work, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the error on test windows whose history was corrupted in every way, at growing strength.

    The models are those that the test windows judged, and at most `MOST_CORRUPTED` windows are looked at; see
    `evaluate.series.stress`.
    """
    from dl_core.evaluate.series.stress import stress_forecasts

    history, truth, scale = FORECASTING.test_windows(run, MOST_CORRUPTED)
    opened = {
        name: open_as(domain, run, name, Forecaster, judged=True)[1] for name in arguments["models"] or run.trained
    }
    rows = stress_forecasts(opened, history, truth, scale=scale, seed=run.spec.seed, check_stop=work.check_stop)
    return {"rows": [{key: plain(value) for key, value in row.items()} for row in rows]}


PROBE = Probe(
    name="corrupted_histories",
    title="Corrupted histories",
    purpose="Robustness: forecast error on corrupted inputs, by corruption and severity.",
    panel="compare",
    verb=corrupted_histories,
    problems=("forecasting",),
    kinds=("series",),
    arguments=(MODELS,),
    first=at_once,
)
