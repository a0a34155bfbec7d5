"""The metrics of lists by name: what each is called, what it means to a newcomer, which way is better, its function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dl_core.errors import OptionError
from dl_core.evaluate.interactions import formulas
from dl_core.evaluate.interactions.facts import ListFacts
from dl_core.evaluate.interactions.lists import Lists

PER_USER, RATIO, EXPOSURE = "per user", "ratio", "exposure"


@dataclass(frozen=True)
class ListMetric:
    """One way to judge lists.

    Parameters
    ----------
    name : str
        Key.
    label, help : str
        Words for the page, and one line that explains it to a newcomer, with ``{k}`` for the number of places, such as
        ``"nDCG@{k}"``; see `at`.
    function : callable
        By ``kind``. ``"per user"``: ``f(lists, facts, k) -> (n,)``, whose mean over users is the metric. ``"ratio"``:
        ``f(lists, facts, k)`` of two arrays (n,), and the metric is the ratio of their sums. ``"exposure"``:
        ``f(counts (g, n_items)) -> (g,)`` of how often each item is shown.
    higher_is_better : bool
    bounds : (float, float)
    kind : str
    judges : bool
        False where it describes lists and more is neither better nor worse, or another metric says the same.
    needs_facts : bool
        Whether it looks at more than hits.
    """

    name: str
    label: str
    help: str
    function: Callable
    higher_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    kind: str = PER_USER
    judges: bool = True
    needs_facts: bool = False

    @property
    def per_user(self) -> bool:
        """Whether every user has a value of it, and it is their mean."""
        return self.kind == PER_USER

    @property
    def share(self) -> bool:
        """Whether it is read on the scale of the others: it judges hits, and lies in 0…1."""
        return not self.needs_facts

    @property
    def comparable(self) -> bool:
        """Whether groups of users can be held side by side by it; coverage grows with the number of users."""
        return self.kind != EXPOSURE

    @property
    def sign(self) -> int:
        """1 where higher is better, −1 where lower is."""
        return 1 if self.higher_is_better else -1

    def at(self, k: int) -> ListMetric:
        """Return the metric with its words for ``k`` places."""
        return replace(self, label=self.label.format(k=k), help=self.help.format(k=k))

    def values(self, lists: Lists, facts: ListFacts | None, k: int) -> np.ndarray:
        """Return one value a user, (n,), NaN where there is none; only where it is `per_user`."""
        return self.function(lists, facts, k)


def lift(lists: Lists, facts: ListFacts, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean popularity of each user's list, and of what that user had taken; NaN where either lacks."""
    shown = formulas.mean_popularity(lists, facts, k)
    own = facts.taste.reindex(lists.users).to_numpy(dtype=float)
    both = ~(np.isnan(shown) | np.isnan(own))
    return np.where(both, shown, np.nan), np.where(both, own, np.nan)


LIST_METRICS: dict[str, ListMetric] = {
    metric.name: metric
    for metric in (
        ListMetric(
            "ndcg",
            "nDCG@{k}",
            "Did the first {k} places hold what the user took next, and high up? 1 is a perfect list.",
            formulas.ndcg,
        ),
        ListMetric(
            "recall",
            "Recall@{k}",
            "Share of what the user took next that stands among the first {k}.",
            formulas.recall,
        ),
        ListMetric(
            "precision",
            "Precision@{k}",
            "Share of the first {k} places that the user really took; cannot be 1 where fewer than {k} were taken.",
            formulas.precision,
        ),
        ListMetric(
            "map",
            "MAP@{k}",
            "Precision at each hit, averaged over the best that {k} places can hold; early hits count more.",
            formulas.average_precision,
        ),
        ListMetric(
            "mrr",
            "MRR@{k}",
            "One over the place of the first hit: 1 for first, 0.5 for second, 0 without a hit among {k}.",
            formulas.reciprocal_rank,
        ),
        ListMetric(
            "hit_rate",
            "Hit rate@{k}",
            "Share of users whose first {k} places hold at least one item that they took next.",
            formulas.hit_rate,
        ),
        ListMetric(
            "coverage",
            "Coverage@{k}",
            "Share of the catalogue that stands among the first {k} of anyone; the rest is never shown.",
            formulas.coverage,
            kind=EXPOSURE,
            needs_facts=True,
        ),
        ListMetric(
            "novelty",
            "Novelty@{k}",
            "How unexpected the items are, in bits: 1 for one that half of the users took, 10 for one in a thousand.",
            formulas.novelty,
            bounds=(0.0, float("inf")),
            needs_facts=True,
        ),
        ListMetric(
            "diversity",
            "Diversity@{k}",
            "How unlike the items of one list are, by category or else by who took them; 0 is all of a kind.",
            formulas.diversity,
            needs_facts=True,
        ),
        ListMetric(
            "popularity_lift",
            "Popularity lift@{k}",
            "How much more popular the items shown are than those that the same users had taken; 1 is as popular.",
            lift,
            higher_is_better=False,
            bounds=(0.0, float("inf")),
            kind=RATIO,
            needs_facts=True,
        ),
        ListMetric(
            "gini",
            "Gini of exposure@{k}",
            "How unevenly places are shared among items: 0 is all alike, near 1 is a few items everywhere.",
            formulas.gini,
            higher_is_better=False,
            kind=EXPOSURE,
            needs_facts=True,
        ),
        ListMetric(
            "map_all",
            "MAP@{k} over all",
            "MAP over all that the user took, be it more than {k}: the definition of some published tables.",
            formulas.average_precision_all,
            judges=False,
        ),
    )
}


def list_metric(name: str) -> ListMetric:
    """Return a metric by name.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    if name not in LIST_METRICS:
        raise OptionError(f"there is no metric {name!r}", where="metric", expected=", ".join(LIST_METRICS))
    return LIST_METRICS[name]


def get_list_metrics(names: Sequence[str | ListMetric] | None, k: int) -> list[ListMetric]:
    """Return metrics by name or as given, labelled at ``k``; None means all that judge.

    Raises
    ------
    OptionError
        If a name is unknown or ``k`` is under 1.
    """
    if k < 1:
        raise OptionError(f"lists of {k} items cannot be judged", where="k", expected="1 or more")
    chosen = [metric for metric in LIST_METRICS.values() if metric.judges] if names is None else names
    found = [one if isinstance(one, ListMetric) else list_metric(one) for one in chosen]
    return list({metric.name: metric.at(k) for metric in found}.values())
