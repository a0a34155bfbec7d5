"""The metrics of classes: what each is called, what it means to a newcomer, which way is better, and its function."""

from __future__ import annotations

from dl_core.evaluate import formulas
from dl_core.evaluate.metric import ClassMetric

METRICS = (
    ClassMetric(
        "auroc",
        "AUROC",
        "Area under the ROC curve: probability that a random positive case scores higher than a random negative "
        "one; 0.5 is chance.",
        formulas.auroc,
        needs="scores",
        weighted=formulas.weighted_auroc,
    ),
    ClassMetric(
        "auprc",
        "AUPRC",
        "Area under the precision-recall curve (average precision); chance is the prevalence, so it suits rare "
        "classes.",
        formulas.auprc,
        needs="scores",
        weighted=formulas.weighted_auprc,
    ),
    ClassMetric(
        "accuracy",
        "Accuracy",
        "Share of correctly predicted cases; misleading when classes are imbalanced.",
        formulas.accuracy,
        weighted=formulas.weighted_accuracy,
        trials="rows",
    ),
    ClassMetric(
        "balanced_accuracy",
        "Balanced accuracy",
        "Mean recall over classes: a rare class counts as much as a common one.",
        formulas.balanced_accuracy,
        weighted=formulas.weighted_balanced_accuracy,
    ),
    ClassMetric(
        "f1",
        "F1",
        "Harmonic mean of precision and recall of the positive class (macro average if more than two classes).",
        formulas.f1,
        weighted=formulas.weighted_f1,
    ),
    ClassMetric(
        "sensitivity",
        "Sensitivity",
        "True positive rate (recall) at the operating point; the rest are false negatives.",
        formulas.sensitivity,
        weighted=formulas.weighted_sensitivity,
        trials="positives",
    ),
    ClassMetric(
        "specificity",
        "Specificity",
        "True negative rate at the operating point; the rest are false positives.",
        formulas.specificity,
        weighted=formulas.weighted_specificity,
        trials="negatives",
    ),
    ClassMetric(
        "brier",
        "Brier score",
        "Mean squared error of the predicted probability; lower is better.",
        formulas.brier,
        higher_is_better=False,
        bounds=(0.0, 2.0),
        needs="scores",
        weighted=formulas.weighted_brier,
    ),
    ClassMetric(
        "log_loss",
        "Log loss",
        "Cross-entropy: mean negative log-probability of the true class; lower is better.",
        formulas.log_loss,
        higher_is_better=False,
        bounds=(0.0, float("inf")),
        needs="scores",
        weighted=formulas.weighted_log_loss,
    ),
    ClassMetric(
        "ece",
        "Calibration error",
        "Expected calibration error (ECE): mean difference of predicted probability and observed frequency; "
        "lower is better.",
        formulas.ece,
        higher_is_better=False,
        needs="scores",
        weighted=formulas.weighted_ece,
    ),
    ClassMetric(
        "false_positive_rate",
        "False positive rate",
        "Share of negative cases predicted positive: false positives.",
        formulas.false_positive_rate,
        higher_is_better=False,
        binary_only=True,
        weighted=formulas.weighted_false_positive_rate,
        trials="negatives",
        judges=False,
    ),
    ClassMetric(
        "selection_rate",
        "Selection rate",
        "Share of all cases predicted positive (selected).",
        formulas.selection_rate,
        binary_only=True,
        weighted=formulas.weighted_selection_rate,
        trials="rows",
        judges=False,
    ),
)
