"""The metrics of a review queue: what a team that can look at so many cases a day finds, and what that saves."""

from __future__ import annotations

from dl_core.evaluate.about import MONEY
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.table import review

METRICS = (
    ClassMetric(
        "precision_at_k",
        "Precision at the budget",
        "Precision among the highest-scored transactions of each day, up to the daily review budget.",
        review.precision_at_k,
        needs="scores",
        binary_only=True,
        weighted=review.weighted_precision_at_k,
        columns=("day", "budget"),
        comparable=False,
    ),
    ClassMetric(
        "recall_at_k",
        "Recall at the budget",
        "Recall when the highest-scored transactions of each day are reviewed, up to the daily review budget.",
        review.recall_at_k,
        needs="scores",
        binary_only=True,
        weighted=review.weighted_recall_at_k,
        columns=("day", "budget"),
        comparable=False,
    ),
    ClassMetric(
        "card_precision",
        "Card precision at the budget",
        "Share of compromised cards among those reviewed per day; detected cards are blocked. Mean over days.",
        review.card_precision,
        needs="scores",
        binary_only=True,
        weighted=review.weighted_card_precision,
        columns=("day", "account", "budget"),
        comparable=False,
    ),
    ClassMetric(
        "money_saved",
        "Savings, relative",
        "Prevented losses minus review cost, relative to the loss without review; negative: reviewing costs more "
        "than it saves.",
        review.money_saved,
        bounds=(-float("inf"), 1.0),
        binary_only=True,
        weighted=review.weighted_money_saved,
        columns=MONEY,
    ),
    ClassMetric(
        "money_saved_total",
        "Savings",
        "Prevented losses minus review cost, in the data's currency, over all evaluated rows.",
        review.money_saved_total,
        bounds=(-float("inf"), float("inf")),
        binary_only=True,
        weighted=review.weighted_money_saved_total,
        columns=MONEY,
        comparable=False,
    ),
    ClassMetric(
        "money_lost",
        "Cost per 1,000",
        "Losses from missed frauds plus review cost, in the data's currency, per 1,000 transactions.",
        review.money_lost,
        higher_is_better=False,
        bounds=(0.0, float("inf")),
        binary_only=True,
        weighted=review.weighted_money_lost,
        columns=MONEY,
    ),
    ClassMetric(
        "review_burden",
        "Review burden",
        "Transactions flagged for review per day.",
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
