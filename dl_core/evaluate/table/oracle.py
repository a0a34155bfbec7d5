"""What a perfect model would reach: a budget of a hundred reviews a day finds no fraud where there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.scored import Scored


def bounds(case: Scored, metrics: Sequence[ClassMetric]) -> dict[str, float]:
    """Return the value that a model which knows every label reaches, by metric, for metrics with ``columns``.

    Other metrics are bounded by their own ``bounds``. Where money is judged, the perfect model leaves alone a fraud
    whose review costs more than it would save. Metrics that lack a fact or are not defined on the rows are left out.

    Parameters
    ----------
    case : Scored
        Labelled rows of two classes with their facts; its scores do not matter.
    metrics : sequence of ClassMetric
    """
    found = {}
    for metric in metrics:
        if not metric.columns or not metric.fits(case.about) or not len(case.y_true):
            continue
        perfect = perfect_scores(case, metric)
        value = metric(case.y_true, np.column_stack([1 - perfect, perfect]), 0.5, case.about)
        if not np.isnan(value):
            found[metric.name] = float(value)
    return found


def perfect_scores(case: Scored, metric: ClassMetric) -> np.ndarray:
    """Return scores (n,) of a model that knows every label: 1 for fraud (that is worth a review), else 0."""
    fraud = case.y_true == 1
    if "review_cost" in metric.columns:
        fraud = fraud & (float(case.about["loss_share"]) * case.about["amount"] > float(case.about["review_cost"]))
    return fraud.astype(float)
