"""What a report shows of forecasts: errors by step ahead, coverage of intervals, and what drove some forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from markupsafe import Markup

from dl_core.data.dataset import Dataset
from dl_core.data.series.panel import Panel
from dl_core.errors import RunError
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.series.forecasts import Cases, Forecasts
from dl_core.explain.explanation import Explanation
from dl_core.explain.series.plain import ForecastDrivers
from dl_core.report import svg, words
from dl_core.report.content import Example, labels, metric_label
from dl_core.report.series.svg import Told, by_step, fan
from dl_core.schema import Role

if TYPE_CHECKING:
    from dl_core.report.content import ReportContent
    from dl_core.train.run import Run

MOST_STEPS = 400  # of a history that is drawn


def series_charts(content: ReportContent) -> list[str]:
    """Return the best model's primary metric by step ahead, and how often its intervals held; nothing for classes."""
    run = content.run
    if not isinstance(run.predictions, Forecasts):
        return []
    primary, who = content.facts["primary_metric"], labels(content)[run.best]
    curves = run.evaluation.curves.get(run.best, {})
    lines = pd.DataFrame([line for line in curves.get("by_step", ()) if line["metric"] == primary])
    charts = []
    if len(lines):
        value, low, high = lines[["value", "low", "high"]].to_numpy(dtype=float).T
        title = f"{who}: {metric_label(primary)} by forecast step"
        charts.append(by_step(lines["step"].tolist(), value, low, high, title))
    shares = [
        svg.Dot(f"{100 * line['level']:g} % interval", *_numbers(line), svg.DEEP[0], words.number(line["value"]))
        for line in curves.get("coverage", ())
    ]
    charts.append(svg.dots(shares, f"{who}: coverage of prediction intervals", "coverage"))
    return [chart for chart in charts if chart]


def _numbers(line: Mapping[str, Any]) -> tuple[float, float, float]:
    value, low, high = (float("nan") if line[key] is None else float(line[key]) for key in ("value", "low", "high"))
    return value, low, high


def pick_series(run: Run, count: int) -> tuple[str | None, list[str]]:
    """Return the best deep model and ``count`` test series: a typical one, the best and the worst first.

    Series are ordered by the absolute error of their first test window as a share of its values, since it is this
    window that is explained. Without a deep model, or with a ``count`` of 0, there are none.
    """
    name = best_model(run.models, "deep")
    if name is None or not count or not len(run.predictions.table):
        return None, []
    cases = _forecasts(run).cases(name)
    first = np.unique(cases.series.astype(str), return_index=True)[1]
    error = np.abs(cases.middle - cases.truth)[first]
    size = np.nansum(np.abs(cases.truth[first]), axis=1)
    known = np.isfinite(error).any(axis=1) & (size > 0)
    share = np.nansum(error[known], axis=1) / size[known]
    ordered = cases.series[first][known][np.argsort(share, kind="stable")]
    if not len(ordered):
        return None, []
    places = np.linspace(0.0, 1.0, max(count, 3)) * (len(ordered) - 1)
    wanted = [len(ordered) // 2, 0, len(ordered) - 1, *np.round(places).astype(int)]
    return name, [str(ordered[at]) for at in dict.fromkeys(wanted)][:count]


@dataclass(frozen=True, kw_only=True)
class ForecastExample(Example):
    """A forecast, drawn with the past steps that drove it (``chart``, SVG), and what its covariates add."""

    explanation: ForecastDrivers
    chart: str

    template: ClassVar[str] = "case_series.html.j2"
    wide: ClassVar[bool] = True

    def shown(self) -> dict[str, Any]:
        """Return what the template prints."""
        known = dict(zip(self.explanation.features, self.explanation.values, strict=False))
        beside = [(name, known.get(name, ""), weight) for name, weight in self.explanation.covariates]
        return {**super().shown(), "chart": Markup(self.chart), "beside": beside}


def as_examples(run: Run, dataset: Dataset, explanations: Sequence[Explanation]) -> list[Example]:
    """Return first test windows with their forecast, what came, and the past steps that drove the forecast."""
    names = dataset.table[dataset.roles[Role.SERIES][0]].astype(str)
    driven = [one for one in explanations if isinstance(one, ForecastDrivers)]
    found = {model: _forecasts(run).cases(model) for model in {one.model for one in driven}}
    examples: list[Example] = []
    for one in driven:
        cases = found[one.model]
        case = int(np.flatnonzero(cases.series.astype(str) == one.row)[0])
        series = Panel.of(dataset.subset(names.index[(names == one.row).to_numpy()]))
        examples.append(_example(one, cases, case, series))
    return examples


def _example(one: ForecastDrivers, cases: Cases, case: int, series: Panel) -> ForecastExample:
    before = series.times < cases.times[case, 0]
    shown = min(one.steps, MOST_STEPS, int(before.sum()))
    times, truth = series.times[before][-shown:], cases.truth[case]
    told = Told(
        history=series.values[before][-shown:],
        weights=one.heat[0][one.steps - shown : one.steps],
        quantiles=cases.quantiles[case],
        truth=truth,
        ends=(_time(times[0]), _time(times[-1]), _time(cases.times[case, -1])),
    )
    came = words.number(float(np.nanmean(truth))) if np.isfinite(truth).any() else "unknown"
    predicted = f"{one.target} {words.number(one.score)}; baseline (seasonal profile): {words.number(one.base)}"
    title = f"{one.row}: attribution of the forecast"
    return ForecastExample(
        explanation=one, truth=f"mean of actual values {came}", predicted=predicted, chart=fan(told, title)
    )


def _forecasts(run: Run) -> Forecasts:
    if not isinstance(run.predictions, Forecasts):
        raise RunError("this run forecasts nothing", where=run.folder.name)
    return run.predictions


def _time(time: np.datetime64 | int) -> str:
    """Return a time for people, or the number of a step."""
    if isinstance(time, np.datetime64):
        stamp = pd.Timestamp(time)
        return f"{stamp:%Y-%m-%d}" if stamp == stamp.normalize() else f"{stamp:%Y-%m-%d %H:%M}"
    return f"step {int(time)}"
