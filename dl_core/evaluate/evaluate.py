"""How good is each classifier: every metric with its interval and n on the test rows, and the curves behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from dl_core.evaluate.about import Facts
from dl_core.evaluate.curves import curves_of
from dl_core.evaluate.judge import judge, metric_table
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.registry import class_metrics
from dl_core.evaluate.results import Evaluation, Predictions
from dl_core.evaluate.scored import scored_rows
from dl_core.evaluate.table.oracle import bounds

NO_LABELS = "These rows have no labels, so the models cannot be evaluated on them."


def evaluate(
    predictions: Predictions,
    protocol: str,
    *,
    metrics: Sequence[str | ClassMetric] | None = None,
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
        Names of metrics or `ClassMetric` objects; None for all that fit.
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
        Number of bootstrap resamples; None for 1000, or fewer on very many rows (`draws.resamples_for`).

    Returns
    -------
    Evaluation
        Without any labelled row its table is empty and its ``note`` says so.

    Raises
    ------
    OptionError
        If a metric is unknown or a model has no test predictions.
    """
    chosen = class_metrics(metrics, len(predictions.classes))
    cuts, facts = thresholds or {}, Facts(about)
    models = {name: scored_rows(predictions, name, "test", cuts.get(name), facts, units) for name in predictions.models}
    found = judge(models, chosen, seed=seed, n_resamples=n_resamples)
    temperatures = temperatures or {}
    curves = {n: curves_of(case, predictions.classes, temperatures.get(n) or 1.0) for n, case in models.items()}
    labelled = next((case for case in models.values() if len(case)), None)
    ceiling = bounds(labelled, chosen) if labelled is not None else {}
    note = "" if labelled is not None else NO_LABELS
    return Evaluation(metric_table(found), curves, protocol, predictions.classes, ceiling, note)
