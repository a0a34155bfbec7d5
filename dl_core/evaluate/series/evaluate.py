"""How good are the forecasts of each model: every metric with its interval and n on the test windows, and slices."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dl_core.evaluate.choice import Standing, standing
from dl_core.evaluate.judge import ALL, Key, judge, metric_table, slice_lines
from dl_core.evaluate.quantities import Estimate, Quantity, Ratio
from dl_core.evaluate.registry import get_metrics, metric_named
from dl_core.evaluate.results import Evaluation
from dl_core.evaluate.series import formulas
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import LEVELS, Cases, Forecasts
from dl_core.evaluate.series.metrics import OWA, PRIMARY, ForecastMetric
from dl_core.evaluate.series.slices import in_order, quartile_labels, series_lines
from dl_core.evaluate.series.windows import JudgedWindows, share_or_mean

NO_TRUTH = "No actual values for these forecasts, so they cannot be evaluated."
FEW_WINDOWS = "One window of one series: no confidence interval."
BY_STEP = ("mase", "smape", "crps", "bias", "coverage_80", "coverage_95")  # judged at each step ahead
NOMINAL = (20, 40, 60, 80, 90, 95)  # per cent of the central intervals that the levels make


def evaluate_forecasts(
    forecasts: Forecasts,
    protocol: str,
    *,
    facts: SeriesFacts,
    reference: Cases | None = None,
    metrics: Sequence[str | ForecastMetric] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Return metrics of every model on the test windows, with 95 % intervals over series and windows, and slices.

    Parameters
    ----------
    forecasts : Forecasts
        A case (a window of a series) is judged on the steps whose truth is known; one without any is left out.
    protocol : str
        The split's protocol, which stands beside every score.
    facts : SeriesFacts
        Of everything before the test.
    reference : Cases or None
        Naive2's forecasts of the same cases, for OWA; without them there is none.
    metrics : sequence or None
        Names of metrics or `ForecastMetric` objects; None for all.
    seed : int

    Returns
    -------
    Evaluation
        Its ``n`` counts series, or windows where there is one series (``curves[model]["unit"]`` says which), and
        intervals are those of `windows`. ``curves[model]`` is plain JSON: ``unit``, ``series``, ``windows`` and
        ``cases`` (counts); ``by_step``, lines {metric, step, value, low, high, n}; ``by_window``, lines {metric,
        window, start, value …}; ``by_series``, lines of `slices.series_lines`, at most 200 of ``series``;
        ``coverage``, lines {level, value, low, high, n}: the share of truths inside each central interval beside its
        nominal share; ``quantiles``, the same for the share of truths under each quantile; ``by_size`` and
        ``by_length``, lines {metric, group, value, …}, quartiles of the mean absolute value and of the steps
        known before the test.

    Raises
    ------
    OptionError
        If a metric is unknown or a model has no test forecasts.
    """
    chosen = forecast_metrics(metrics, reference is not None)
    models = {name: JudgedWindows.of(forecasts.cases(name), facts, reference) for name in forecasts.models}
    slices = _Slices(chosen, quartile_labels(facts.level), quartile_labels(facts.length, "steps"))
    found = judge(models, chosen, seed=seed, slices=slices)
    curves = {name: _curves(found[name], units) for name, units in models.items()}
    counts = [len(units) for units in models.values()]
    note = NO_TRUTH if not any(counts) else FEW_WINDOWS if max(counts) == 1 else ""
    return Evaluation(metric_table(found), curves, protocol, (), {}, note)


def forecast_metrics(
    metrics: Sequence[str | ForecastMetric] | None = None, has_reference: bool = True
) -> list[ForecastMetric]:
    """Return metrics by name or as given, None for all; without a reference there is no OWA."""
    return [one for one in get_metrics(metrics, ForecastMetric) if has_reference or one.form != OWA]


def forecast_standing(
    forecasts: Forecasts,
    model: str,
    metric: str | ForecastMetric = PRIMARY,
    facts: SeriesFacts | None = None,
    seed: int = 0,
    split: str = "validation",
    *,
    size: int = 0,
) -> Standing:
    """Return where a model stands on the validation windows, for `choice.choose`.

    ``value`` is turned so that higher is better; NaN where the model has no such forecasts, nothing of them is known
    or ``facts`` are missing. ``size`` is the number of learned numbers.
    """
    table = forecasts.table
    if facts is None or not ((table["model"] == model) & (table["split"] == split)).any():
        return Standing(float("nan"), size=size)
    chosen = metric_named(metric, ForecastMetric) if isinstance(metric, str) else metric
    return standing(JudgedWindows.of(forecasts.cases(model, split), facts), chosen, size, seed)


@dataclass(frozen=True)
class _Slices:
    """What the slices of every model are made with: by step, by window, by quartiles of size and length, coverage."""

    metrics: list[ForecastMetric]
    sizes: pd.Series
    lengths: pd.Series

    def __call__(self, units: JudgedWindows, whole: Mapping[Key, Quantity]) -> dict[Key, Quantity]:
        """Return the numbers of one model's slices."""
        found: dict[Key, Quantity] = {}
        cases, facts = units.cases, units.facts
        windows = [("window", int(window), cases.windows == window) for window in np.unique(cases.windows)]
        groups = _members("size", self.sizes, facts.level, cases) + _members(
            "length", self.lengths, facts.length, cases
        )
        for metric in self.metrics:
            if metric.name in BY_STEP:
                above, below = metric.steps(cases, facts)
                for step in range(above.shape[1]):
                    found["step", metric.name, step + 1] = share_or_mean(above[:, step], below[:, step], metric)
            for kind, part, inside in windows + groups if metric.comparable else windows:
                found[kind, metric.name, part] = whole[ALL, metric.name].within(inside)
        return found | _coverage(cases)


def _members(kind: str, labels: pd.Series, values: pd.Series, cases: Cases) -> list[tuple[str, Hashable, np.ndarray]]:
    """Return which cases (m,) bool lie in each group of series, the smallest values first, under the kind's name."""
    own = labels.reindex(cases.series).to_numpy(dtype=object)
    return [(kind, group, np.asarray(own == group)) for group in in_order(labels, values)]


def _coverage(cases: Cases) -> dict[Key, Quantity]:
    """Return the share of truths inside every central interval and under every quantile."""
    known = (~np.isnan(cases.truth)).sum(axis=1).astype(float)
    weight, below = (known > 0).astype(float), formulas.below(cases.truth, cases.quantiles)
    hits = {("coverage", p / 100): formulas.inside(cases.truth, cases.quantiles, p) for p in NOMINAL}
    hits |= {("quantile", level): below[:, :, at] for at, level in enumerate(LEVELS)}
    shares = {key: np.nansum(each, axis=1) / np.maximum(known, 1) for key, each in hits.items()}
    return {key: Ratio(share, weight, (0.0, 1.0), share=True) for key, share in shares.items()}


def _curves(found: Mapping[Key, Estimate], units: JudgedWindows) -> dict[str, Any]:
    """Return one model's slices as plain JSON."""
    starts = _starts(units.cases)
    return {
        "unit": units.unit,
        "series": len(np.unique(units.code)),
        "windows": len(np.unique(units.cases.windows)),
        "cases": len(units),
        "by_step": slice_lines(found, "step", "metric", "step"),
        "by_window": [
            {**line, "start": starts[line["window"]]} for line in slice_lines(found, "window", "metric", "window")
        ],
        "by_series": series_lines(units),
        "coverage": slice_lines(found, "coverage", "level"),
        "quantiles": slice_lines(found, "quantile", "level"),
        "by_size": slice_lines(found, "size", "metric", "group"),
        "by_length": slice_lines(found, "length", "metric", "group"),
    }


def _starts(cases: Cases) -> dict[int, str]:
    """Return the earliest forecast time of each window as text."""
    found = {}
    for window in np.unique(cases.windows):
        first = cases.times[cases.windows == window, 0].min()
        found[int(window)] = str(pd.Timestamp(first)) if np.issubdtype(cases.times.dtype, np.datetime64) else str(first)
    return found
