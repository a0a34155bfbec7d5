"""How good is each model: every metric with its interval and n on the test rows, and the curves behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from dl_core.evaluate.about import Facts
from dl_core.evaluate.curves import curves_of
from dl_core.evaluate.intervals import Scored, bootstrap, interval
from dl_core.evaluate.metrics import Metric, get_metrics
from dl_core.evaluate.results import METRIC_COLUMNS, Evaluation, Predictions
from dl_core.evaluate.table.oracle import bounds

NO_LABELS = "These rows have no labels, so nothing can be said about how good the models are on them."


def scored_rows(
    predictions: Predictions,
    model: str,
    split: str,
    threshold: float | None = None,
    facts: Facts | None = None,
) -> tuple[Scored, pd.Index]:
    """Return what ``model`` said about the labelled rows of a split, with the ``facts`` of them, and the row ids."""
    y_true, y_score, rows = predictions.arrays(model, split)
    return Scored(y_true, y_score, threshold, facts.of(rows) if facts is not None else {}), rows


def fitting(metrics: Sequence[Metric], about: Mapping) -> list[Metric]:
    """Return the metrics for which all facts are there."""
    return [metric for metric in metrics if metric.fits(about)]


def units_of(rows: pd.Index, units: pd.Series | None) -> pd.Series | None:
    """Return the unit of each row id, in order; None where no units are known."""
    return None if units is None else units.reindex(rows)


def evaluate(
    predictions: Predictions,
    protocol: str,
    *,
    metrics: Sequence[str | Metric] | None = None,
    thresholds: Mapping[str, float | None] | None = None,
    temperatures: Mapping[str, float] | None = None,
    units: pd.Series | None = None,
    about: pd.DataFrame | None = None,
    seed: int = 0,
    n_resamples: int | None = None,
) -> Evaluation:
    """Return metrics with 95 % bootstrap intervals, and curves, of every model on the labelled test rows.

    Parameters
    ----------
    predictions : Predictions
        With calibrated probabilities.
    protocol : str
        The split's protocol, which stands beside every score.
    metrics : sequence or None
        Names of `METRICS` or `Metric` objects; None for all that fit.
    thresholds : mapping or None
        Operating point of the positive class by model (two classes). All metrics of decisions, the confusion matrix
        included, are taken there; where it is None, the most probable class counts.
    temperatures : mapping or None
        Temperature by which each model's probabilities were calibrated, for the curve of before.
    units : pandas.Series or None
        Unit (patient, account) by row id; rows of a unit are resampled together.
    about : pandas.DataFrame or None
        Facts by row id (`about.py`) for metrics with ``columns``: ``day``, ``account``, ``amount``, and as constant
        columns ``budget``, ``review_cost``, ``loss_share``. A metric that lacks one is left out of the table.
    seed : int
    n_resamples : int or None
        Number of bootstrap resamples; None for 1000, or fewer on very many rows (`intervals.resamples_for`).

    Returns
    -------
    Evaluation
        Without any labelled row its table is empty and its ``note`` says so.

    Raises
    ------
    OptionError
        If a metric is unknown or a model has no test predictions.
    """
    chosen = get_metrics(metrics, len(predictions.classes))
    thresholds, temperatures, facts = thresholds or {}, temperatures or {}, Facts(about)
    scored, rows_of = {}, {}
    for model in predictions.models:
        scored[model], rows_of[model] = scored_rows(predictions, model, "test", thresholds.get(model), facts)
        first = next(iter(rows_of.values()))
        if rows_of[model].equals(first):  # then one set of facts and of draws serves all
            rows_of[model] = first
    lines, ceiling = [], {}
    for names in _alike(rows_of):
        cases, rows = {name: scored[name] for name in names}, rows_of[names[0]]
        here = fitting(chosen, cases[names[0]].about) if len(rows) else []
        draws = bootstrap(cases, here, units=units_of(rows, units), seed=seed, n_resamples=n_resamples) if here else {}
        lines += _lines(cases, here, draws)
        ceiling = ceiling or bounds(cases[names[0]], here)
    rank = {name: number for number, name in enumerate(scored)}
    lines.sort(key=lambda line: rank[line[0]])
    curves = {n: curves_of(case, predictions.classes, temperatures.get(n) or 1.0) for n, case in scored.items()}
    table = pd.DataFrame(lines, columns=list(METRIC_COLUMNS))
    labelled = any(len(rows) for rows in rows_of.values())
    return Evaluation(table, curves, protocol, predictions.classes, ceiling, "" if labelled else NO_LABELS)


def _alike(rows_of: Mapping[str, pd.Index]) -> list[list[str]]:
    """Return the models in groups that stand on the same rows in the same order."""
    groups: dict[int, list[str]] = {}
    for model, rows in rows_of.items():
        groups.setdefault(id(rows), []).append(model)
    return list(groups.values())


def _lines(cases: Mapping[str, Scored], metrics: Sequence[Metric], draws: Mapping) -> list[tuple]:
    """Return the lines of the table of metrics."""
    lines = []
    for model, case in cases.items():
        for metric in metrics:
            low, high = interval(metric, case, draws[model, metric.name])
            lines.append((model, metric.name, case.value(metric), low, high, len(case.y_true)))
    return lines
