"""The metrics of a review queue: what a team that can look at so many cases a day finds, and what that saves."""

from __future__ import annotations

from dl_core.evaluate.about import MONEY
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.table import review

METRICS = (
    ClassMetric(
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
    ClassMetric(
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
    ClassMetric(
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
    ClassMetric(
        "money_saved",
        "Money saved, share",
        "Losses prevented less the cost of reviews, as a share of the loss without any review; under 0 it costs.",
        review.money_saved,
        bounds=(-float("inf"), 1.0),
        binary_only=True,
        weighted=review.weighted_money_saved,
        columns=MONEY,
    ),
    ClassMetric(
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
    ClassMetric(
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
    ClassMetric(
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
