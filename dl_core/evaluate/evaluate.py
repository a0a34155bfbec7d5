"""How good is each model: every metric with its interval and n on the test rows, and the curves behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from dl_core.evaluate.curves import curves_of
from dl_core.evaluate.intervals import Scored, bootstrap, interval
from dl_core.evaluate.metrics import Metric, get_metrics
from dl_core.evaluate.results import Evaluation, Predictions


def scored_rows(
    predictions: Predictions, model: str, split: str, threshold: float | None = None
) -> tuple[Scored, pd.Index]:
    """Return what ``model`` said about the labelled rows of a split, and the row ids."""
    y_true, y_score, rows = predictions.arrays(model, split)
    return Scored(y_true, y_score, threshold), rows


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
    seed : int
    n_resamples : int or None
        Number of bootstrap resamples; None for 1000, or fewer on very many rows.

    Raises
    ------
    OptionError
        If a metric is unknown or a model has no test predictions.
    """
    chosen = get_metrics(metrics, len(predictions.classes))
    thresholds, temperatures = thresholds or {}, temperatures or {}
    lines, curves = [], {}
    for model in predictions.models:
        case, rows = scored_rows(predictions, model, "test", thresholds.get(model))
        resampled = bootstrap({model: case}, chosen, units=units_of(rows, units), seed=seed, n_resamples=n_resamples)
        for metric in chosen:
            value = metric(case.y_true, case.y_score, case.threshold)
            low, high = interval(metric, case, resampled[model, metric.name])
            lines.append((model, metric.name, value, low, high, len(rows)))
        curves[model] = curves_of(case, predictions.classes, temperatures.get(model) or 1.0)
    table = pd.DataFrame(lines, columns=["model", "metric", "value", "low", "high", "n"])
    return Evaluation(table, curves, protocol, predictions.classes)
