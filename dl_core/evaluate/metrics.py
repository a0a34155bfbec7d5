"""The metrics by name: what each is called, what it means to a newcomer, which way is better, and its function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dl_core.errors import OptionError
from dl_core.evaluate import formulas
from dl_core.evaluate.formulas import (
    Function,
    Threshold,
    Weighted,
    accuracy,
    auprc,
    auroc,
    balanced_accuracy,
    brier,
    ece,
    f1,
    false_positive_rate,
    log_loss,
    selection_rate,
    sensitivity,
    specificity,
)


@dataclass(frozen=True)
class Metric:
    """One way to judge scores.

    Parameters
    ----------
    name, label : str
        Key and words for the page.
    help : str
        One line that explains it to a newcomer.
    function : callable
        ``f(y_true (n,), y_score (n, k), threshold=None) -> float``.
    higher_is_better : bool
    bounds : (float, float)
    needs : str
        ``"labels"`` if it judges decisions (and so depends on the operating point), ``"scores"`` if probabilities.
    binary_only : bool
    weighted : callable or None
        ``f(y_true, y_score, weights (r, n), threshold) -> (r,)``, the fast path of a bootstrap; None loops.
    trials : str
        Which rows it is a plain share of: ``"rows"``, ``"positives"``, ``"negatives"``, or ``""`` if it is no share.
    judges : bool
        False where it describes decisions, for groups to be held side by side, and more is neither better nor worse.
    """

    name: str
    label: str
    help: str
    function: Function
    higher_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    needs: str = "labels"
    binary_only: bool = False
    weighted: Weighted | None = None
    trials: str = ""
    judges: bool = True

    def __call__(self, y_true: np.ndarray, y_score: np.ndarray, threshold: Threshold = None) -> float:
        """Return the metric's value."""
        return self.function(y_true, y_score, threshold)

    @property
    def sign(self) -> int:
        """1 where higher is better, −1 where lower is."""
        return 1 if self.higher_is_better else -1

    def resampled(
        self, y_true: np.ndarray, y_score: np.ndarray, weights: np.ndarray, threshold: Threshold = None
    ) -> np.ndarray:
        """Return the metric (r,) for each row of integer ``weights`` (r, n)."""
        if self.weighted is not None:
            return self.weighted(y_true, y_score, weights, threshold)
        rows = (np.repeat(np.arange(len(y_true)), counts.astype(int)) for counts in weights)
        each = isinstance(threshold, np.ndarray)
        return np.array([self.function(y_true[r], y_score[r], threshold[r] if each else threshold) for r in rows])


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "auroc",
            "AUROC",
            "How often a random positive case gets a higher score than a random negative one; 0.5 is chance.",
            auroc,
            needs="scores",
            weighted=formulas.weighted_auroc,
        ),
        Metric(
            "auprc",
            "AUPRC",
            "Precision averaged over all thresholds; chance is the share of positives, so it suits rare classes.",
            auprc,
            needs="scores",
            weighted=formulas.weighted_auprc,
        ),
        Metric(
            "accuracy",
            "Accuracy",
            "Share of cases whose predicted class is right; always guessing the commonest class can look good.",
            accuracy,
            weighted=formulas.weighted_accuracy,
            trials="rows",
        ),
        Metric(
            "balanced_accuracy",
            "Balanced accuracy",
            "Share found of each class, averaged, so that a rare class counts as much as a common one.",
            balanced_accuracy,
            weighted=formulas.weighted_balanced_accuracy,
        ),
        Metric(
            "f1",
            "F1",
            "Balance of precision and sensitivity for the positive class (mean over classes if more than two).",
            f1,
            weighted=formulas.weighted_f1,
        ),
        Metric(
            "sensitivity",
            "Sensitivity",
            "Share of positive cases that are found at the operating point; the rest are missed.",
            sensitivity,
            weighted=formulas.weighted_sensitivity,
            trials="positives",
        ),
        Metric(
            "specificity",
            "Specificity",
            "Share of negative cases that are left alone at the operating point; the rest are false alarms.",
            specificity,
            weighted=formulas.weighted_specificity,
            trials="negatives",
        ),
        Metric(
            "brier",
            "Brier score",
            "Mean squared distance of the probability from what happened; lower is better.",
            brier,
            higher_is_better=False,
            bounds=(0.0, 2.0),
            needs="scores",
            weighted=formulas.weighted_brier,
        ),
        Metric(
            "log_loss",
            "Log loss",
            "Penalty on the probability given to the true class, harsh on confident mistakes; lower is better.",
            log_loss,
            higher_is_better=False,
            bounds=(0.0, float("inf")),
            needs="scores",
            weighted=formulas.weighted_log_loss,
        ),
        Metric(
            "ece",
            "Calibration error",
            "How far, on average, stated probabilities are from observed frequencies; lower is better.",
            ece,
            higher_is_better=False,
            needs="scores",
            weighted=formulas.weighted_ece,
        ),
        Metric(
            "false_positive_rate",
            "False positive rate",
            "Share of negative cases called positive: false alarms.",
            false_positive_rate,
            higher_is_better=False,
            binary_only=True,
            weighted=formulas.weighted_false_positive_rate,
            trials="negatives",
            judges=False,
        ),
        Metric(
            "selection_rate",
            "Selection rate",
            "Share of all cases called positive, right or wrong.",
            selection_rate,
            binary_only=True,
            weighted=formulas.weighted_selection_rate,
            trials="rows",
            judges=False,
        ),
    )
}


def get_metrics(names: Sequence[str | Metric] | None, n_classes: int) -> list[Metric]:
    """Return metrics by name or as given, without those for two classes only where there are more.

    None means all that judge. Names that stand twice count once.

    Raises
    ------
    OptionError
        If a name is unknown.
    """
    if names is None:
        names = [metric for metric in METRICS.values() if metric.judges]
    unknown = [name for name in names if not isinstance(name, Metric) and name not in METRICS]
    if unknown:
        raise OptionError(f"there is no metric {unknown[0]!r}", where="metric", expected=", ".join(METRICS))
    chosen = {metric.name: metric for metric in (n if isinstance(n, Metric) else METRICS[n] for n in names)}
    return [metric for metric in chosen.values() if n_classes == 2 or not metric.binary_only]
