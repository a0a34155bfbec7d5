"""How good are the lists of each model: every metric with its interval and n on the test users, and slices of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.interactions.histories import Histories
from dl_core.evaluate.choice import Standing, standing
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.interactions.metric import RankingMetric
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.interactions.slices import (
    activity_of,
    band_sizes,
    held_by_band,
    places_of,
    popularity_shares,
    quartiles,
)
from dl_core.evaluate.judge import ALL, Key, judge, metric_table, slice_lines
from dl_core.evaluate.quantities import Estimate, Quantity
from dl_core.evaluate.registry import get_metrics
from dl_core.evaluate.results import Evaluation

NO_LISTS = "None of these users has held-out items, so the recommendations cannot be evaluated."


def evaluate_rankings(
    rankings: Rankings,
    protocol: str,
    *,
    facts: InteractionFacts,
    metrics: Sequence[str | RankingMetric] | None = None,
    k: int = 10,
    users: pd.DataFrame | None = None,
    held: Histories | None = None,
    seed: int = 0,
) -> Evaluation:
    """Return metrics of lists with 95 % bootstrap intervals over users, and slices, of every model on the test users.

    Parameters
    ----------
    rankings : Rankings
        Users without held-out items are left out.
    protocol : str
        The split's protocol, which stands beside every score.
    facts : InteractionFacts
        Of the training histories.
    metrics : sequence or None
        Names of metrics or `RankingMetric` objects; None for all that judge.
    k : int
        Places that count. The metrics keep their plain names (``"ndcg"``); ``curves[model]["k"]`` says at which k.
    users : pandas.DataFrame or None
        By user id; its column ``activity``, where there is one, is the history length that slices by activity use.
    held : Histories or None
        Held-out interactions of the test users in the facts' catalogue; without them there is no ``by_popularity``,
        as lists name only the items that were found.
    seed : int

    Returns
    -------
    Evaluation
        ``curves[model]`` is plain JSON: ``k``; ``by_k``, lines {metric, k, value, low, high, n}; ``by_activity``, lines
        {metric, group, users, value, low, high, n} for all but coverage and Gini, quartiles of the
        history length in words, the least active first; ``by_popularity``, lines {band, items, value, low, high, n,
        held}: the share of the held-out items of each band (head, middle, tail; new: nobody took it in training) that
        the first k places hold, where n counts users and ``held`` items. Coverage and Gini have jackknife intervals
        (`spread`). Without any judged user the table is empty and ``note`` says so.

    Raises
    ------
    OptionError
        If a metric is unknown, k is under 1 or a model has no test lists.
    """
    chosen = ranking_metrics(metrics, k)
    lists = {model: RankedLists.of(rankings, model, "test", facts) for model in rankings.models}
    slices = _Slices(facts, chosen, k, seed, users, held)
    found = judge(lists, chosen, seed=seed, slices=slices)
    curves = {model: slices.curves(found[model], one) for model, one in lists.items()}
    judged = next((one for one in lists.values() if len(one)), None)
    ceiling = _ceiling(judged, chosen, k) if judged is not None else {}
    return Evaluation(metric_table(found), curves, protocol, (), ceiling, "" if judged is not None else NO_LISTS)


def ranking_metrics(metrics: Sequence[str | RankingMetric] | None, k: int) -> list[RankingMetric]:
    """Return metrics by name or as given, at ``k`` places; None means all that judge."""
    return [metric.at(k) for metric in get_metrics(metrics, RankingMetric)]


@dataclass(frozen=True)
class _Slices:
    """What the slices of every model are made with: by number of places, by activity, by popularity."""

    facts: InteractionFacts
    metrics: list[RankingMetric]
    k: int
    seed: int
    users: pd.DataFrame | None
    held: Histories | None

    def __call__(self, lists: RankedLists, whole: Mapping[Key, Quantity]) -> dict[Key, Quantity]:
        """Return the numbers of one model's slices."""
        found: dict[Key, Quantity] = {}
        for place in places_of(lists.depth, self.k):
            for metric in self.metrics:
                here = whole[ALL, metric.name] if place == self.k else lists.quantity(metric.at(place), self.seed)
                found["k", metric.name, place] = here
        for group, inside in self._quartiles(lists):
            for metric in self.metrics:
                if metric.comparable:
                    found["activity", metric.name, group] = whole[ALL, metric.name].within(inside)
        if self.held is not None:
            sizes = held_by_band(self.held, lists.users, self.facts, lists.relevant)
            shares = popularity_shares(lists, self.facts, self.k, sizes)
            found |= {("popularity", band, int(one.below.sum())): one for band, one in shares.items()}
        return found

    def _quartiles(self, lists: RankedLists) -> list[tuple[str, np.ndarray]]:
        return quartiles(activity_of(lists.users, self.facts, self.users))

    def curves(self, found: Mapping[Key, Estimate], lists: RankedLists) -> dict[str, Any]:
        """Return one model's slices as plain JSON."""
        bands = slice_lines(found, "popularity", "band", "held")
        items = band_sizes([line["band"] for line in bands], self.facts)
        sizes = {group: int(inside.sum()) for group, inside in self._quartiles(lists)}
        active = slice_lines(found, "activity", "metric", "group")
        return {
            "k": self.k,
            "by_k": slice_lines(found, "k", "metric", "k"),
            "by_activity": [{**line, "users": sizes[line["group"]]} for line in active],
            "by_popularity": [{**line, "items": items[line["band"]]} for line in bands],
        }


def _ceiling(lists: RankedLists, metrics: Sequence[RankingMetric], k: int) -> dict[str, float]:
    """Return what perfect lists would reach, where that is less than 1."""
    most = np.minimum(lists.relevant, k)
    best = {"precision": most / k, "recall": most / lists.relevant, "map_all": most / lists.relevant}
    names = [metric.name for metric in metrics if metric.name in best]
    return {name: float(best[name].mean()) for name in names if best[name].mean() < 1}


def ranking_standing(
    rankings: Rankings,
    model: str,
    metric: str | RankingMetric = "ndcg",
    k: int = 10,
    seed: int = 0,
    *,
    facts: InteractionFacts | None = None,
    size: int = 0,
) -> Standing:
    """Return where a model stands on the lists of validation users, for `choice.choose`.

    ``value`` is turned so that higher is better; NaN where the model has no such lists, no user there has held-out
    items, or the metric needs ``facts`` that are not given. ``size`` is the number of learned numbers.
    """
    table = rankings.table
    if not ((table["model"] == model) & (table["split"] == "validation")).any():
        return Standing(float("nan"), size=size)
    return standing(RankedLists.of(rankings, model, "validation", facts), ranking_metrics([metric], k)[0], size, seed)
