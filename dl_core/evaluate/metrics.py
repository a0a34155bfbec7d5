"""The metrics by name: what each is called, what it means to a newcomer, which way is better, and its function."""

from __future__ import annotations

from collections.abc import Sequence

from dl_core.errors import OptionError
from dl_core.evaluate import formulas
from dl_core.evaluate.formulas import (
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
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.table import review

MONEY = ("amount", "review_cost", "loss_share")
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
        Metric(
            "precision_at_k",
            "Precision at the budget",
            "Share of frauds among the transactions with the highest scores that your daily budget can review.",
            review.precision_at_k,
            needs="scores",
            binary_only=True,
            weighted=review.weighted_precision_at_k,
            columns=("day", "budget"),
            comparable=False,
        ),
        Metric(
            "recall_at_k",
            "Recall at the budget",
            "Share of all frauds found when the highest scores of each day are reviewed, up to your daily budget.",
            review.recall_at_k,
            needs="scores",
            binary_only=True,
            weighted=review.weighted_recall_at_k,
            columns=("day", "budget"),
            comparable=False,
        ),
        Metric(
            "card_precision",
            "Card precision at the budget",
            "Of the accounts reviewed a day, the share with fraud that day; found ones are blocked. Mean over days.",
            review.card_precision,
            needs="scores",
            binary_only=True,
            weighted=review.weighted_card_precision,
            columns=("day", "account", "budget"),
            comparable=False,
        ),
        Metric(
            "money_saved",
            "Money saved, share",
            "Losses prevented less the cost of reviews, as a share of the loss without any review; under 0 it costs.",
            review.money_saved,
            bounds=(-float("inf"), 1.0),
            binary_only=True,
            weighted=review.weighted_money_saved,
            columns=MONEY,
        ),
        Metric(
            "money_saved_total",
            "Money saved",
            "Losses prevented less the cost of reviews, in your currency, over all rows judged.",
            review.money_saved_total,
            bounds=(-float("inf"), float("inf")),
            binary_only=True,
            weighted=review.weighted_money_saved_total,
            columns=MONEY,
            comparable=False,
        ),
        Metric(
            "money_lost",
            "Money lost per 1,000",
            "Losses from missed frauds plus the cost of reviews, in your currency, for every 1,000 transactions.",
            review.money_lost,
            higher_is_better=False,
            bounds=(0.0, float("inf")),
            binary_only=True,
            weighted=review.weighted_money_lost,
            columns=MONEY,
        ),
        Metric(
            "review_burden",
            "Review burden",
            "Transactions flagged for review a day.",
            review.review_burden,
            higher_is_better=False,
            bounds=(0.0, float("inf")),
            binary_only=True,
            weighted=review.weighted_review_burden,
            judges=False,
            columns=("day",),
            comparable=False,
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
