"""Two remedies, with what each gains and costs: reweighing before training, an operating point for each group after.

Reweighing needs a new training: take the weights here, train, hand old and new predictions to `training_mitigation`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.bias.change import mitigation_result, shared_threshold, validation_groups, with_thresholds
from dl_core.bias.check import MIN_CASES, Decided
from dl_core.bias.groups import NOT_STATED
from dl_core.bias.remedy import Remedy, Treated
from dl_core.bias.report import Mitigation
from dl_core.evaluate.about import MONEY, Facts, has_columns
from dl_core.evaluate.calibration import pick_threshold, pick_threshold_for_money
from dl_core.evaluate.formulas import sensitivity
from dl_core.evaluate.results import Predictions
from dl_core.evaluate.scored import scored_rows
from dl_core.schema import Role


def reweighing_weights(groups: pd.Series, labels: pd.Series) -> pd.Series:
    """Return a weight for each training row, so that group and label are independent under the weights.

    The weight of a row of group g and label y is P(g) P(y) / P(g, y): a combination that is rarer than independence
    would have it counts more. The weights' mean is 1, and neither groups nor labels change their total.

    Parameters
    ----------
    groups, labels : pandas.Series
        Group and label by row id; a missing group is a group of its own.

    References
    ----------
    Kamiran and Calders (2012), *Data preprocessing techniques for classification without discrimination*, section 5.3.
    """
    table = pd.DataFrame({"label": labels, "group": groups.reindex(labels.index).fillna(NOT_STATED)})
    cells = table.groupby(["group", "label"])["label"].transform("size")
    by_group = table.groupby("group")["label"].transform("size")
    by_label = table.groupby("label")["label"].transform("size")
    return (by_group * by_label / (cells * len(table))).rename("weight")


def fit_group_thresholds(
    predictions: Predictions,
    model: str,
    groups: pd.Series,
    *,
    threshold: float | None = None,
    target: float | None = None,
) -> dict[str, float]:
    """Return an operating point for each group, picked on validation rows only.

    Each group gets the highest threshold at which its sensitivity reaches ``target`` (equal opportunity, Hardt 2016).
    Unlike fairlearn's ThresholdOptimizer no decision is drawn by lot: the same image always gets the same answer.

    Parameters
    ----------
    predictions : Predictions
        Of two classes, with validation rows.
    groups : pandas.Series
        Group by row id.
    threshold : float or None
        The operating point for all; groups with fewer than ten positive validation rows keep it.
    target : float or None
        0…1; None for what ``threshold`` reaches over all validation rows.

    Raises
    ------
    OptionError
        If there are more than two classes or no validation rows.
    """
    shared = shared_threshold(threshold)
    case, labels = validation_groups(predictions, model, groups, shared)
    target = sensitivity(case.y_true, case.y_score, shared) if target is None else target
    found = {}
    for group in sorted(set(labels) | set(groups.dropna())):
        score = np.sort(case.y_score[(labels == group) & (case.y_true == 1), 1])
        if len(score) < MIN_CASES or np.isnan(target):
            found[group] = shared
            continue
        needed = min(int(np.ceil(target * len(score) - 1e-9)), len(score))  # rows that must fall on the right side
        found[group] = _cut(score, len(score) - needed)
    return found


def _cut(score: np.ndarray, below: int) -> float:
    """Return a cut with at most ``below`` of the sorted scores under it.

    Half way to the neighbour where the scores differ, so that validation scores do not sit on the edge.
    """
    if below <= 0:
        return float(score[0])
    if below >= len(score):
        return float(np.nextafter(score[-1], 2.0))
    return float((score[below - 1] + score[below]) / 2)


def threshold_mitigation(decided: Decided, groups: pd.DataFrame) -> Mitigation:
    """Give each group its own operating point for equal sensitivity, and show what that changes.

    Parameters
    ----------
    decided : Decided
        With validation rows, on which the thresholds are picked, and test rows, on which they are judged; its operating
        point is that of all before.
    groups : pandas.DataFrame
        Group labels by row id; the first column is the grouping to be made fairer.

    Raises
    ------
    OptionError
        If there are more than two classes, no groups or no validation rows.
    """

    def fit(labels: pd.Series, shared: float) -> dict[str, float]:
        return fit_group_thresholds(decided.predictions, decided.model, labels, threshold=shared)

    return with_thresholds(decided, groups, fit)


def training_mitigation(
    decided: Decided, after: Predictions, groups: pd.DataFrame, threshold: float | None = None
) -> Mitigation:
    """Show what training again with reweighed rows changed, on the same test rows.

    Parameters
    ----------
    decided : Decided
        By the training before.
    after : Predictions
        Of the training of the same model after.
    groups : pandas.DataFrame
        Group labels by row id; the first column is the grouping that was to be made fairer.
    threshold : float or None
        The operating point after. None: where there was one before it is picked anew on validation rows (by money saved
        where facts tell, else Youden), as a model trained on other weights gives other scores.

    Raises
    ------
    OptionError
        If the test rows are not the same.
    """
    if threshold is None and decided.threshold is not None:
        threshold = _anew(after, decided.model, decided.about)
    return mitigation_result(decided, replace(decided, predictions=after, threshold=threshold), groups)


def _anew(predictions: Predictions, model: str, about: pd.DataFrame | None) -> float | None:
    """Return an operating point picked on validation rows."""
    case = scored_rows(predictions, model, "validation", facts=Facts(about))
    if has_columns(MONEY, case.about):
        return pick_threshold_for_money(case.y_true, case.y_score, case.about)
    return pick_threshold(case.y_true, case.y_score)


def _by_thresholds(treated: Treated) -> Mitigation:
    return threshold_mitigation(Decided(treated.predictions, treated.model, **treated.judged), treated.groups)


def _by_weights(treated: Treated) -> Mitigation:
    groups = treated.groups.loc[treated.train.ids].iloc[:, 0]
    again = treated.retrain(reweighing_weights(groups, treated.train.values(Role.LABEL)))
    return training_mitigation(Decided(treated.predictions, treated.model, **treated.judged), again, treated.groups)


REMEDY = (
    Remedy(
        "thresholds",
        "Group-specific thresholds",
        "Post-processing: each group's threshold is chosen on the validation set so that sensitivity is equal (equal "
        "opportunity). No retraining; the group must be known at prediction time.",
        "classification",
        _by_thresholds,
    ),
    Remedy(
        "reweighing",
        "Reweighing and retraining",
        "Pre-processing (Kamiran and Calders 2012): training rows are weighted so that group and label are "
        "independent, and the model is retrained.",
        "classification",
        _by_weights,
        trains=True,
    ),
)
