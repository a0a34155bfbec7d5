"""How good are the forecasts of each model: every metric with its interval and n on the test windows, and slices."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.evaluate.choice import RESAMPLES, Standing
from dl_core.evaluate.interactions.draws import Column
from dl_core.evaluate.results import METRIC_COLUMNS, Evaluation
from dl_core.evaluate.series import formulas
from dl_core.evaluate.series.draws import (
    Judged,
    Parts,
    bootstrap_parts,
    line_of,
    slice_parts,
)
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import LEVELS, Cases, Forecasts
from dl_core.evaluate.series.metrics import PRIMARY, SeriesMetric, get_series_metrics
from dl_core.evaluate.series.slices import in_order, quartile_labels, series_lines

NO_TRUTH = "Nothing of what these forecasts speak of is known yet, so nothing can be said about how good they are."
FEW_WINDOWS = "There is one window of one series, so no interval can be told."
BY_STEP = ("mase", "smape", "crps", "bias", "coverage_80", "coverage_95")  # judged at each step ahead
NOMINAL = (20, 40, 60, 80, 90, 95)  # per cent of the central intervals that the levels make
Key = tuple[Hashable, ...]


@dataclass(frozen=True)
class _Settings:
    """What the columns of every model are made with."""

    metrics: list[SeriesMetric]
    sizes: pd.Series
    lengths: pd.Series


def evaluate_forecasts(
    forecasts: Forecasts,
    protocol: str,
    *,
    facts: SeriesFacts,
    reference: Cases | None = None,
    metrics: Sequence[str | SeriesMetric] | None = None,
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
        Names of `SERIES_METRICS` or `SeriesMetric` objects; None for all.
    seed : int

    Returns
    -------
    Evaluation
        Its ``n`` counts series, or windows where there is one series (``curves[model]["unit"]`` says which). Intervals
        are those of `draws`. ``curves[model]`` is plain JSON: ``unit``, ``series``, ``windows`` and ``cases`` (counts);
        ``by_step``, lines {metric, step, value, low, high, n}; ``by_window``, lines {metric, window, start, value …};
        ``by_series``, lines of `slices.series_lines`, at most 200 of ``series``; ``coverage``, lines {level, value,
        low, high, n}: the share of truths inside each central interval beside its nominal share; ``quantiles``, the
        same for the share of truths under each quantile; ``by_size`` and ``by_length``, lines {metric, group, value,
        …}, quartiles of the mean absolute value and of the steps known before the test.

    Raises
    ------
    OptionError
        If a metric is unknown or a model has no test forecasts.
    """
    made = _Settings(
        get_series_metrics(metrics, reference is not None),
        quartile_labels(facts.level),
        quartile_labels(facts.length, "steps"),
    )
    lines, curves, kept = [], {}, {}
    for model in forecasts.models:
        judged = Judged.of(forecasts.cases(model), facts, reference)
        parts = _parts(judged, made)
        key = judged.code.tobytes()
        kept = kept if key in kept else {key: judged.draws(seed)}
        drawn = bootstrap_parts(parts, kept[key])
        found = {key: line_of(judged, parts[key], drawn[key]) for key in parts}
        curves[model] = _curves(found, judged)
        if len(judged.cases):
            lines += [_row(model, metric.name, found["all", metric.name]) for metric in made.metrics]
    table = pd.DataFrame(lines, columns=list(METRIC_COLUMNS))
    counts = [one["cases"] for one in curves.values()]
    note = NO_TRUTH if not any(counts) else FEW_WINDOWS if max(counts) == 1 else ""
    return Evaluation(table, curves, protocol, (), {}, note)


def forecast_standing(
    forecasts: Forecasts,
    model: str,
    metric: str | SeriesMetric = PRIMARY,
    facts: SeriesFacts | None = None,
    seed: int = 0,
    split: str = "validation",
    *,
    reference: Cases | None = None,
    size: int = 0,
) -> Standing:
    """Return where a model stands on the validation windows, for `choice.choose`.

    ``value`` is turned so that higher is better; NaN where the model has no such forecasts, nothing of them is known
    or ``facts`` are missing. ``size`` is the number of learned numbers.
    """
    found = get_series_metrics([metric])[0]
    table = forecasts.table
    if facts is None or not ((table["model"] == model) & (table["split"] == split)).any():
        return Standing(float("nan"), size=size)
    judged = Judged.of(forecasts.cases(model, split), facts, reference)
    parts = judged.parts(found)
    value = float(np.mean([part.value for part in parts]))
    if math.isnan(value):
        return Standing(float("nan"), size=size)
    drawn = bootstrap_parts({"": parts}, judged.draws(seed, RESAMPLES))[""]
    return Standing(float(found.gap(value)), float(np.nanstd(found.gap(drawn))), size)


def _parts(judged: Judged, made: _Settings) -> dict[Key, Parts]:
    """Return every number of one model: over all, by step, by window, by size and length, and coverage."""
    found: dict[Key, Parts] = {("all", metric.name): judged.parts(metric) for metric in made.metrics}
    cases = judged.cases
    for metric in made.metrics:
        if metric.name in BY_STEP:
            above, below = metric.steps(cases, judged.facts)
            for step in range(above.shape[1]):
                found["step", metric.name, step + 1] = (_column(above[:, step], below[:, step], metric),)
        for window in np.unique(cases.windows):
            inside = cases.windows == window
            found["window", metric.name, int(window)] = slice_parts(found["all", metric.name], inside)
        for kind, labels, values in (
            ("size", made.sizes, judged.facts.level),
            ("length", made.lengths, judged.facts.length),
        ):
            own = labels.reindex(cases.series).to_numpy(dtype=object) if len(labels) else None
            for group in in_order(labels, values) if metric.comparable and own is not None else ():
                found[kind, metric.name, group] = slice_parts(found["all", metric.name], own == group)
    return found | _coverage(cases)


def _coverage(cases: Cases) -> dict[Key, Parts]:
    """Return the share of truths inside every central interval and under every quantile."""
    found: dict[Key, Parts] = {}
    known = (~np.isnan(cases.truth)).sum(axis=1).astype(float)
    weight = (known > 0).astype(float)
    for percent in NOMINAL:
        hits = np.nansum(formulas.inside(cases.truth, cases.quantiles, percent), axis=1)
        found["coverage", percent / 100] = (Column(hits / np.maximum(known, 1), weight, (0.0, 1.0), share=True),)
    under = np.nansum(formulas.below(cases.truth, cases.quantiles), axis=1)
    for at, level in enumerate(LEVELS):
        found["quantile", level] = (Column(under[:, at] / np.maximum(known, 1), weight, (0.0, 1.0), share=True),)
    return found


def _column(above: np.ndarray, below: np.ndarray, metric: SeriesMetric) -> Column:
    return Column(above, below, metric.bounds, metric.bounds == (0.0, 1.0))


def _curves(found: Mapping[Key, dict], judged: Judged) -> dict:
    """Return one model's slices as plain JSON."""

    starts = _starts(judged.cases)
    return {
        "unit": judged.unit,
        "series": len(np.unique(judged.code)),
        "windows": len(np.unique(judged.cases.windows)),
        "cases": len(judged.cases),
        "by_step": _lines(found, "step", "step"),
        "by_window": [{**line, "start": starts[line["window"]]} for line in _lines(found, "window", "window")],
        "by_series": series_lines(judged),
        "coverage": _shares(found, "coverage"),
        "quantiles": _shares(found, "quantile"),
        "by_size": _lines(found, "size", "group"),
        "by_length": _lines(found, "length", "group"),
    }


def _lines(found: Mapping[Key, dict], kind: str, name: str) -> list[dict]:
    """Return the lines of one kind of slice; ``name`` is what tells them apart."""
    return [{"metric": key[1], name: key[2], **line} for key, line in found.items() if key[0] == kind]


def _shares(found: Mapping[Key, dict], kind: str) -> list[dict]:
    """Return the lines of shares by nominal level."""
    return [{"level": key[1], **line} for key, line in found.items() if key[0] == kind]


def _starts(cases: Cases) -> dict[int, str]:
    """Return the earliest forecast time of each window as text."""
    found = {}
    for window in np.unique(cases.windows):
        first = cases.times[cases.windows == window, 0].min()
        found[int(window)] = str(pd.Timestamp(first)) if np.issubdtype(cases.times.dtype, np.datetime64) else str(first)
    return found


def _row(model: str, metric: str, line: Mapping) -> tuple:
    """Return one line of the table of metrics."""
    known = (math.nan if line[key] is None else line[key] for key in ("value", "low", "high"))
    return (model, metric, *known, line["n"])
