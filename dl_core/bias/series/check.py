"""Whom forecasts serve badly: error, systematic over- and under-forecast and coverage by group of series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.bias import disparities
from dl_core.bias.disparities import GroupDraws
from dl_core.bias.groups import NOT_STATED
from dl_core.bias.report import BiasReport
from dl_core.bias.series.words import forecast_warnings
from dl_core.data.series.panel import Panel
from dl_core.errors import OptionError
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.quantities import Quantity
from dl_core.evaluate.series.evaluate import forecast_metrics
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Forecasts
from dl_core.evaluate.series.metrics import ForecastMetric
from dl_core.evaluate.series.slices import quartile_labels
from dl_core.evaluate.series.windows import JudgedWindows

USUAL = ("mase", "bias", "coverage_80", "coverage_90", "coverage_95", "smape", "crps", "width_80")
MIN_SERIES = 10  # a group of fewer series says nothing
SIZE, LENGTH, VOLATILITY = "size of series", "length of history", "volatility"


def group_frame(panel: Panel, facts: SeriesFacts) -> pd.DataFrame:
    """Return what series can be grouped by, a column a grouping, by series id.

    The groups that came with the data stand first; then quartiles of the mean absolute value (`SIZE`), of the steps
    known (`LENGTH`) and of the usual change as a share of the mean absolute value (`VOLATILITY`), where these differ.
    """
    index = pd.Index(panel.series)
    frame = pd.DataFrame(index=index) if facts.static is None else facts.static.reindex(index).copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (facts.scale / facts.level.where(facts.level > 0)).round(4)
    for name, values, unit in ((SIZE, facts.level, ""), (LENGTH, facts.length, "steps"), (VOLATILITY, change, "")):
        labels = quartile_labels(values.reindex(index), unit)
        if len(labels):
            frame[name] = labels.reindex(index).fillna(NOT_STATED)
    return frame


def check_bias_forecasts(
    forecasts: Forecasts,
    model: str,
    groups: pd.DataFrame,
    *,
    metrics: Sequence[str | ForecastMetric] | None = None,
    facts: SeriesFacts,
    seed: int = 0,
) -> BiasReport:
    """Return every metric by group of series on the test windows, and how far groups are apart.

    Parameters
    ----------
    forecasts : Forecasts
    model : str
    groups : pandas.DataFrame
        Group labels by series id, one column a grouping (`group_frame`, `groups.make_groups`).
    metrics : sequence or None
        Names or `ForecastMetric` objects; None for `USUAL`. A metric in the series' own unit is told over all only.
    facts : SeriesFacts
        Of everything before the test.
    seed : int

    Returns
    -------
    BiasReport
        Its columns are those of a classifier's, where ``n`` counts series and ``positives`` is None; intervals draw
        series, then windows (`evaluate.series.windows`). A group under `MIN_SERIES` series is not ``enough``; it and
        series whose group is not stated take no part in disparities, which are made as in `disparities`. Of signed
        errors the two groups furthest apart are told, the worst being the one further from 0.

    Raises
    ------
    OptionError
        If there are no groups or nothing is known of the test windows, or the model or a metric is unknown.
    """
    return report_of(draw_forecasts(forecasts, model, groups, metrics=metrics, facts=facts, seed=seed), model)


def draw_forecasts(
    forecasts: Forecasts,
    model: str,
    groups: pd.DataFrame,
    *,
    metrics: Sequence[str | ForecastMetric] | None = None,
    facts: SeriesFacts,
    seed: int = 0,
) -> GroupDraws:
    """Return the metrics of all series and of every group with their resampled values, from one set of draws.

    Raises
    ------
    OptionError
        As `check_bias_forecasts`.
    """
    units = JudgedWindows.of(forecasts.cases(model), facts)
    if not len(units) and len(groups.columns):
        raise OptionError(
            "these windows have no actual values", where="groups", expected="test windows with actual values"
        )
    return disparities.draw_groups(units, groups, forecast_metrics(metrics or USUAL, has_reference=False), seed)


def report_of(drawn: GroupDraws, model: str) -> BiasReport:
    """Return the report on resampled metrics."""
    units = drawn.units

    def enough(metric: Metric, inside: np.ndarray, number: Quantity) -> bool:
        """Return whether a group has enough series."""
        return isinstance(units, JudgedWindows) and units.count_series(number) >= MIN_SERIES

    metrics = {metric.name: metric for metric in drawn.metrics}
    return disparities.report_of(
        drawn,
        model,
        enough=enough,
        words=lambda table, apart: forecast_warnings(table, apart, drawn.drawn, metrics),
    )
