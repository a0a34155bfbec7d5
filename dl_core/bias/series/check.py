"""Whom forecasts serve badly: error, systematic over- and under-forecast and coverage by group of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from dl_core.bias.check import Key, members_of
from dl_core.bias.groups import NOT_STATED
from dl_core.bias.report import BiasReport
from dl_core.bias.series.words import forecast_warnings
from dl_core.data.series.panel import Panel
from dl_core.errors import OptionError
from dl_core.evaluate.intervals import LEVEL, percentile
from dl_core.evaluate.series.draws import Judged, Parts, bootstrap_parts, interval_of, slice_parts, value_of
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Cases, Forecasts
from dl_core.evaluate.series.metrics import SeriesMetric, get_series_metrics
from dl_core.evaluate.series.slices import quartile_labels

USUAL = ("mase", "bias", "coverage_80", "coverage_90", "coverage_95", "smape", "crps", "width_80")
MIN_SERIES = 10  # a group of fewer series says nothing
SIZE, LENGTH, VOLATILITY = "size of series", "length of history", "volatility"
GROUPS = ["column", "group", "metric", "value", "low", "high", "n", "positives", "enough"]
APART = ["column", "metric", "kind", "value", "low", "high", "worst", "best"]


@dataclass(frozen=True, eq=False)
class ForecastDraws:
    """One model's metrics, over all and by (column, group, metric): the numbers and their resampled values."""

    judged: Judged
    labels: pd.DataFrame
    metrics: list[SeriesMetric]
    parts: dict[Key, Parts]
    drawn: dict[Key, np.ndarray]


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
    metrics: Sequence[str | SeriesMetric] | None = None,
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
        Names or `SeriesMetric` objects; None for `USUAL`. A metric in the series' own unit is told over all only.
    facts : SeriesFacts
        Of everything before the test.
    seed : int

    Returns
    -------
    BiasReport
        Its columns are those of a classifier's, where ``n`` counts series and ``positives`` is None; intervals draw
        series, then windows (`evaluate.series.draws`). A group under `MIN_SERIES` series is not ``enough``; it and
        series whose group is not stated take no part in disparities, which are made as in `check.check_bias`. Of signed
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
    metrics: Sequence[str | SeriesMetric] | None = None,
    facts: SeriesFacts,
    seed: int = 0,
) -> ForecastDraws:
    """Return the metrics of all series and of every group with their resampled values, from one set of draws.

    Raises
    ------
    OptionError
        As `check_bias_forecasts`.
    """
    if not len(groups.columns):
        raise OptionError("there are no groups to check", where="groups", expected="a column about series")
    judged = Judged.of(forecasts.cases(model), facts)
    if not len(judged.cases):
        raise OptionError("nothing is known of these windows", where="groups", expected="test windows with true values")
    chosen = get_series_metrics(metrics or USUAL, has_reference=False)
    labels = groups.astype(object).reindex(judged.cases.series).fillna(NOT_STATED)
    parts: dict[Key, Parts] = {("", "", metric.name): judged.parts(metric) for metric in chosen}
    for (column, group), at in members_of(labels).items():
        inside = np.zeros(len(judged.cases), dtype=bool)
        inside[at] = True
        for metric in chosen:
            if metric.comparable:
                parts[column, group, metric.name] = slice_parts(parts["", "", metric.name], inside)
    return ForecastDraws(judged, labels, chosen, parts, bootstrap_parts(parts, judged.draws(seed)))


def report_of(drawn: ForecastDraws, model: str) -> BiasReport:
    """Return the report on resampled metrics."""
    names = ["metric", "value", "low", "high", "n"]
    lines = {key: _numbers(drawn, key) for key in drawn.parts}
    overall = pd.DataFrame([(key[2], *line) for key, line in lines.items() if not key[0]], columns=names)
    table = pd.DataFrame(
        [(*key, *line, None, line[-1] >= MIN_SERIES) for key, line in lines.items() if key[0]], columns=GROUPS
    )
    apart = [disparities_of(drawn.drawn, table, column, drawn.metrics) for column in drawn.labels]
    disparities = pd.concat(apart, ignore_index=True)
    told = forecast_warnings(table, disparities, drawn.drawn, {metric.name: metric for metric in drawn.metrics})
    return BiasReport(model, overall, table, disparities, told)


def _numbers(drawn: ForecastDraws, key: Key) -> tuple[float, float, float, int]:
    """Return value, interval and the number of series."""
    parts = drawn.parts[key]
    n = len(np.unique(drawn.judged.code[parts[0].below > 0]))
    return (value_of(parts), *interval_of(parts, drawn.drawn[key]), n)


def disparities_of(
    drawn: Mapping[Key, np.ndarray], table: pd.DataFrame, column: str, metrics: Sequence[SeriesMetric]
) -> pd.DataFrame:
    """Return the differences and ratios between the best and worst group of one grouping.

    ``drawn`` holds resampled values (r,), ``table`` is ``groups`` of a `BiasReport`. Signed values have no ratio.
    """
    lines = []
    for metric in metrics:
        here = table[(table["column"] == column) & (table["metric"] == metric.name)]
        here = here[here["enough"] & here["value"].notna() & (here["group"] != NOT_STATED)]
        if len(here) < 2:
            continue
        ordered = here.sort_values("value", ascending=metric.higher_is_better, kind="stable")
        worst, best = ordered.iloc[0], ordered.iloc[-1]
        if metric.bounds[0] < 0 and abs(best["value"]) > abs(worst["value"]):
            worst, best = best, worst
        own, other = (drawn[column, row["group"], metric.name] for row in (worst, best))
        turn = 1 if best["value"] >= worst["value"] else -1
        level = 1 - (1 - LEVEL) / len(list(combinations(range(len(here)), 2)))
        size = abs(best["value"] - worst["value"])
        named = worst["group"], best["group"]
        lines.append((column, metric.name, "difference", size, *percentile(turn * (other - own), level), *named))
        if metric.bounds[0] >= 0 and min(best["value"], worst["value"]) > 0:
            small, large = (own, other) if turn > 0 else (other, own)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(large > 0, small / large, np.nan)
            ratio = min(best["value"], worst["value"]) / max(best["value"], worst["value"])
            lines.append((column, metric.name, "ratio", ratio, *percentile(share, level), *named))
    return pd.DataFrame(lines, columns=APART)


def with_quantiles(cases: Cases, quantiles: np.ndarray) -> Cases:
    """Return the cases with other forecasts (m, h, levels)."""
    return Cases(cases.series, cases.windows, cases.times, cases.truth, quantiles)
