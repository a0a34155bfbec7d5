"""The metrics of rankings: what each is called, what it means to a newcomer, which way is better, its function."""

from __future__ import annotations

import numpy as np

from dl_core.evaluate.interactions import formulas
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.interactions.metric import EXPOSURE, RATIO, RankingMetric
from dl_core.evaluate.interactions.ranked import RankedLists


def lift(lists: RankedLists, facts: InteractionFacts, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean popularity of each user's list, and of what that user had taken; NaN where either lacks."""
    shown = formulas.mean_popularity(lists, facts, k)
    own = facts.taste.reindex(lists.users).to_numpy(dtype=float)
    both = ~(np.isnan(shown) | np.isnan(own))
    return np.where(both, shown, np.nan), np.where(both, own, np.nan)


METRICS = (
    RankingMetric(
        "ndcg",
        "nDCG@{k}",
        "Normalised discounted cumulative gain: relevant items in the top {k}, discounted by rank; 1 is the "
        "ideal list.",
        formulas.ndcg,
    ),
    RankingMetric(
        "recall",
        "Recall@{k}",
        "Share of a user's relevant (held-out) items that are in the top {k}.",
        formulas.recall,
    ),
    RankingMetric(
        "precision",
        "Precision@{k}",
        "Share of the top {k} that is relevant; below 1 where a user has fewer than {k} relevant items.",
        formulas.precision,
    ),
    RankingMetric(
        "map",
        "MAP@{k}",
        "Mean average precision: precision at each hit, averaged; early hits count more.",
        formulas.average_precision,
    ),
    RankingMetric(
        "mrr",
        "MRR@{k}",
        "Mean reciprocal rank of the first hit: 1 at rank 1, 0.5 at rank 2, 0 without a hit in the top {k}.",
        formulas.reciprocal_rank,
    ),
    RankingMetric(
        "hit_rate",
        "Hit rate@{k}",
        "Share of users with at least one relevant item in the top {k}.",
        formulas.hit_rate,
    ),
    RankingMetric(
        "coverage",
        "Coverage@{k}",
        "Catalogue coverage: share of items that are in at least one user's top {k}.",
        formulas.coverage,
        form=EXPOSURE,
        comparable=False,
        needs_facts=True,
    ),
    RankingMetric(
        "novelty",
        "Novelty@{k}",
        "Mean self-information of recommended items, in bits: 1 for an item of half of the users, 10 for one in "
        "a thousand.",
        formulas.novelty,
        bounds=(0.0, float("inf")),
        needs_facts=True,
    ),
    RankingMetric(
        "diversity",
        "Diversity@{k}",
        "Intra-list diversity: mean dissimilarity of the items of a list, by category or else by common users; "
        "0: all alike.",
        formulas.diversity,
        needs_facts=True,
    ),
    RankingMetric(
        "popularity_lift",
        "Popularity lift@{k}",
        "Popularity bias: mean popularity of recommended items relative to that of the users' histories; 1: "
        "equally popular.",
        lift,
        higher_is_better=False,
        bounds=(0.0, float("inf")),
        form=RATIO,
        needs_facts=True,
    ),
    RankingMetric(
        "gini",
        "Gini of exposure@{k}",
        "Gini index of exposure over items: 0 is equal exposure, near 1 is a few items everywhere.",
        formulas.gini,
        higher_is_better=False,
        form=EXPOSURE,
        comparable=False,
        needs_facts=True,
    ),
    RankingMetric(
        "map_all",
        "MAP@{k} over all",
        "MAP normalised by all relevant items, even if more than {k}: the definition of some published tables.",
        formulas.average_precision_all,
        judges=False,
    ),
)
