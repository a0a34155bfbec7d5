"""The metrics of rankings: what each is called, what it means to a newcomer, which way is better, its function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dl_core.errors import OptionError
from dl_core.evaluate.interactions import formulas
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.metric import Metric

if TYPE_CHECKING:
    from dl_core.evaluate.interactions.ranked import RankedLists

PER_USER, RATIO, EXPOSURE = "per user", "ratio", "exposure"


@dataclass(frozen=True)
class RankingMetric(Metric):
    """One way to judge ranked lists.

    Parameters
    ----------
    label, help : str
        With ``{k}`` for the number of places, such as ``"nDCG@{k}"``; see `at`.
    function : callable
        By ``form``. ``"per user"``: ``f(lists, facts, k) -> (n,)``, whose mean over users is the metric. ``"ratio"``:
        ``f(lists, facts, k)`` of two arrays (n,), and the metric is the ratio of their sums. ``"exposure"``:
        ``f(counts (g, n_items)) -> (g,)`` of how often each item is shown.
    form : str
    needs_facts : bool
        Whether it looks at more than hits.
    k : int
        Places that count.
    """

    form: str = PER_USER
    needs_facts: bool = False
    k: int = 10
    problem: ClassVar[str] = "ranking"

    @property
    def per_user(self) -> bool:
        """Whether every user has a value of it, and it is their mean."""
        return self.form == PER_USER

    @property
    def share(self) -> bool:
        """Whether it judges hits, which all lie in 0…1."""
        return not self.needs_facts

    def at(self, k: int) -> RankingMetric:
        """Return the metric for ``k`` places, in number and words.

        Raises
        ------
        OptionError
            If ``k`` is under 1.
        """
        if k < 1:
            raise OptionError(f"lists of {k} items cannot be evaluated", where="k", expected="1 or more")
        return replace(self, label=self.label.format(k=k), help=self.help.format(k=k), k=k)

    def values(self, lists: RankedLists) -> np.ndarray:
        """Return one value a user, (n,), NaN where there is none; only where it is `per_user`."""
        return self.function(lists, lists.facts, self.k)


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
