"""Classifiers side by side on the same rows: paired differences with intervals, a verdict in words, disagreements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.evaluate.about import Facts
from dl_core.evaluate.choice import Standing, standing
from dl_core.evaluate.evaluate import NO_LABELS
from dl_core.evaluate.formulas import decide
from dl_core.evaluate.judge import shared
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.pairs import MOST_APART, Chosen, Judged, apart_by, compare_units
from dl_core.evaluate.registry import class_metrics
from dl_core.evaluate.results import Comparison, Predictions
from dl_core.evaluate.scored import Scored, scored_rows

APART = ["row", "y_true", "a", "b", "pred_a", "pred_b", "score_a", "score_b", "distance"]


def compare(
    predictions: Predictions,
    chosen: Chosen,
    *,
    units: pd.Series | None = None,
    about: pd.DataFrame | None = None,
) -> Comparison:
    """Compare models pair by pair on the labelled test rows that all of them have.

    Parameters
    ----------
    predictions : Predictions
        Test rows to judge on, and validation rows by which the best model of each kind is picked.
    chosen : Chosen
    units : pandas.Series or None
        Unit (patient, account) by row id; rows of a unit are resampled together.
    about : pandas.DataFrame or None
        Facts by row id, as in `evaluate.evaluate`; metrics that lack one are left out, and where the primary metric
        does, the sentence speaks of the first that is left.

    Returns
    -------
    Comparison
        Without any labelled row its tables are empty and its sentence says so.

    Raises
    ------
    OptionError
        If fewer than two models are left, a name is unknown or they share no labelled row.
    """
    names, facts, n_classes = chosen.among(predictions.models), Facts(about), len(predictions.classes)
    wanted, models = class_metrics(chosen.metrics, n_classes), chosen.models
    primary = wanted[0] if chosen.primary_metric is None else class_metrics([chosen.primary_metric], n_classes)[0]
    if not _labelled(predictions, names):
        return chosen.nothing(NO_LABELS, APART)
    scored = shared(
        {name: scored_rows(predictions, name, "test", models[name].threshold, facts, units) for name in names},
        "labelled test row",
    )
    judged = [one for one in class_metrics([*wanted, primary], n_classes) if scored[names[0]].fits(one)]
    primary = primary if primary in judged else next(iter(judged), primary)
    return compare_units(
        scored,
        judged,
        primary,
        chosen,
        stands=lambda name: class_standing(predictions, name, models[name], primary, facts),
        apart=disagreements(scored, predictions.classes),
    )


def class_standing(
    predictions: Predictions, name: str, model: Judged, metric: ClassMetric, facts: Facts | None = None
) -> Standing:
    """Return where a model stands on labelled validation rows; without a value where there are none."""
    table = predictions.table
    if not (table["y_true"].notna() & (table["split"] == "validation") & (table["model"] == name)).any():
        return Standing(float("nan"))
    case = scored_rows(predictions, name, "validation", model.threshold, facts)
    return standing(case, metric, model.parameters)


def _labelled(predictions: Predictions, models: Sequence[str]) -> bool:
    """Return whether any test row of these models has a label."""
    table = predictions.table
    return bool((table["y_true"].notna() & (table["split"] == "test") & table["model"].isin(models)).any())


def disagreements(scored: Mapping[str, Scored], classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows on which two models predict different classes, those furthest apart first."""
    names = np.array(classes, dtype=object)

    def lines(one: Scored, two: Scored) -> dict[str, np.ndarray]:
        """Return what two models say of the rows, with the probability of the class that each decides."""
        pred_a, pred_b = decide(one.y_score, one.threshold), decide(two.y_score, two.threshold)
        distance = np.abs(one.y_score - two.y_score).sum(axis=1) / 2  # total variation
        apart = np.flatnonzero(pred_a != pred_b)
        apart = apart[np.argsort(-distance[apart], kind="stable")][:MOST_APART]
        return {
            "row": one.ids[apart],
            "y_true": names[one.y_true[apart]],
            "pred_a": names[pred_a[apart]],
            "pred_b": names[pred_b[apart]],
            "score_a": one.y_score[apart, pred_a[apart]],
            "score_b": two.y_score[apart, pred_b[apart]],
            "distance": distance[apart],
        }

    return apart_by("distance", scored, lines)[APART]
