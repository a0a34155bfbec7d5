"""Whom a recommender fails: metrics of lists by group of users, with intervals, and differences that stand out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dl_core.bias.check import MIN_ROWS
from dl_core.bias.disparities import draw_groups, report_of
from dl_core.bias.report import BiasReport
from dl_core.bias.words import warnings_of
from dl_core.errors import OptionError
from dl_core.evaluate.interactions.evaluate import ranking_metrics
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.interactions.metric import RankingMetric
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.interactions.rankings import Rankings

USUAL = ("ndcg", "recall", "hit_rate", "novelty", "diversity", "popularity_lift")


def check_bias_rankings(
    rankings: Rankings,
    model: str,
    groups: pd.DataFrame,
    *,
    metrics: Sequence[str | RankingMetric] | None = None,
    k: int = 10,
    facts: InteractionFacts | None = None,
    seed: int = 0,
) -> BiasReport:
    """Return every metric by group of test users, and how far groups are apart.

    Parameters
    ----------
    rankings : Rankings
    model : str
    groups : pandas.DataFrame
        Group labels by user id, one column a grouping (`groups.make_groups`).
    metrics : sequence or None
        Names or `RankingMetric` objects; None for `USUAL`. Coverage and Gini grow with the number of users and are
        reported over all only; metrics that need ``facts`` are left out without them.
    k : int
        Places that count.
    facts : InteractionFacts or None
    seed : int

    Returns
    -------
    BiasReport
        Its columns are those of a classifier's, where ``n`` counts users with a value and ``positives`` is None. A
        group under 30 of them is not ``enough``; it and users whose group is not stated take no part in disparities,
        which are made as for classifiers.

    Raises
    ------
    OptionError
        If there are no groups or no users with held-out items, or the model or a metric is unknown.
    """
    lists = RankedLists.of(rankings, model, "test", facts)
    if not len(lists) and len(groups.columns):
        raise OptionError("no user has held-out items", where="groups", expected="test users with held-out items")
    chosen = ranking_metrics(metrics or USUAL, k)
    labels = {metric.name: metric.label for metric in chosen}
    return report_of(
        draw_groups(lists, groups, chosen, seed),
        model,
        enough=lambda metric, inside, number: number.n >= MIN_ROWS,
        words=lambda table, apart: warnings_of(table, apart, (), labels, "users"),
    )
