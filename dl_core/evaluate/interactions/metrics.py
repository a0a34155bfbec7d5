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
            raise OptionError(f"lists of {k} items cannot be judged", where="k", expected="1 or more")
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
        "Did the first {k} places hold what the user took next, and high up? 1 is a perfect list.",
        formulas.ndcg,
    ),
    RankingMetric(
        "recall",
        "Recall@{k}",
        "Share of what the user took next that stands among the first {k}.",
        formulas.recall,
    ),
    RankingMetric(
        "precision",
        "Precision@{k}",
        "Share of the first {k} places that the user really took; cannot be 1 where fewer than {k} were taken.",
        formulas.precision,
    ),
    RankingMetric(
        "map",
        "MAP@{k}",
        "Precision at each hit, averaged over the best that {k} places can hold; early hits count more.",
        formulas.average_precision,
    ),
    RankingMetric(
        "mrr",
        "MRR@{k}",
        "One over the place of the first hit: 1 for first, 0.5 for second, 0 without a hit among {k}.",
        formulas.reciprocal_rank,
    ),
    RankingMetric(
        "hit_rate",
        "Hit rate@{k}",
        "Share of users whose first {k} places hold at least one item that they took next.",
        formulas.hit_rate,
    ),
    RankingMetric(
        "coverage",
        "Coverage@{k}",
        "Share of the catalogue that stands among the first {k} of anyone; the rest is never shown.",
        formulas.coverage,
        form=EXPOSURE,
        comparable=False,
        needs_facts=True,
    ),
    RankingMetric(
        "novelty",
        "Novelty@{k}",
        "How unexpected the items are, in bits: 1 for one that half of the users took, 10 for one in a thousand.",
        formulas.novelty,
        bounds=(0.0, float("inf")),
        needs_facts=True,
    ),
    RankingMetric(
        "diversity",
        "Diversity@{k}",
        "How unlike the items of one list are, by category or else by who took them; 0 is all of a kind.",
        formulas.diversity,
        needs_facts=True,
    ),
    RankingMetric(
        "popularity_lift",
        "Popularity lift@{k}",
        "How much more popular the items shown are than those that the same users had taken; 1 is as popular.",
        lift,
        higher_is_better=False,
        bounds=(0.0, float("inf")),
        form=RATIO,
        needs_facts=True,
    ),
    RankingMetric(
        "gini",
        "Gini of exposure@{k}",
        "How unevenly places are shared among items: 0 is all alike, near 1 is a few items everywhere.",
        formulas.gini,
        higher_is_better=False,
        form=EXPOSURE,
        comparable=False,
        needs_facts=True,
    ),
    RankingMetric(
        "map_all",
        "MAP@{k} over all",
        "MAP over all that the user took, be it more than {k}: the definition of some published tables.",
        formulas.average_precision_all,
        judges=False,
    ),
)
