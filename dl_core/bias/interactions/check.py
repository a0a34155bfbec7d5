"""Whom a recommender fails: metrics of lists by group of users, with intervals, and differences that stand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.bias.check import MIN_ROWS, Key, disparities_of, members_of
from dl_core.bias.groups import NOT_STATED
from dl_core.bias.report import BiasReport
from dl_core.bias.words import warnings_of
from dl_core.errors import OptionError
from dl_core.evaluate.interactions.draws import Column, bootstrap_columns, column_of, weights_for
from dl_core.evaluate.interactions.facts import ListFacts
from dl_core.evaluate.interactions.lists import Lists
from dl_core.evaluate.interactions.metrics import ListMetric, get_list_metrics
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.interactions.slices import ACTIVITY, activity_of, quartiles, slice_column

USUAL = ("ndcg", "recall", "hit_rate", "novelty", "diversity", "popularity_lift")
GROUPS = ["column", "group", "metric", "value", "low", "high", "n", "positives", "enough"]


def check_bias_lists(
    rankings: Rankings,
    model: str,
    groups: pd.DataFrame,
    *,
    metrics: Sequence[str | ListMetric] | None = None,
    k: int = 10,
    facts: ListFacts | None = None,
    seed: int = 0,
) -> BiasReport:
    """Return every metric by group of test users, and how far groups are apart.

    Parameters
    ----------
    rankings : Rankings
    model : str
    groups : pandas.DataFrame
        Group labels by user id, one column a grouping (`groups.make_groups`, `activity_groups`).
    metrics : sequence or None
        Names or `ListMetric` objects; None for `USUAL`. Coverage and Gini grow with the number of users and are
        reported over all only; metrics that need ``facts`` are left out without them.
    k : int
        Places that count.
    facts : ListFacts or None
    seed : int

    Returns
    -------
    BiasReport
        Its columns are those of a classifier's, where ``n`` counts users and ``positives`` is None. A group under 30
        users is not ``enough``; it and users whose group is not stated take no part in disparities, which are made as
        in `check.check_bias`.

    Raises
    ------
    OptionError
        If there are no groups or no users with held-out items, or the model or a metric is unknown.
    """
    if not len(groups.columns):
        raise OptionError("there are no groups to check", where="groups", expected="a column about users")
    lists = Lists.of(rankings, model, "test", facts)
    if not len(lists):
        raise OptionError("no user has held-out items", where="groups", expected="test users with held-out items")
    chosen = [one for one in get_list_metrics(metrics or USUAL, k) if facts is not None or not one.needs_facts]
    whole = {metric.name: column_of(metric, lists, facts, k, seed) for metric in chosen}
    labels = groups.reindex(lists.users).fillna(NOT_STATED)
    members = members_of(labels)
    columns = {("", "", name): column for name, column in whole.items()}
    for (column, group), at in members.items():
        inside = np.isin(np.arange(len(lists)), at)
        for metric in chosen:
            if metric.comparable:
                columns[column, group, metric.name] = slice_column(whole[metric.name], inside)
    draws = bootstrap_columns(columns, weights_for(len(lists), seed))
    overall = [(name, *_numbers(whole[name], draws["", "", name])) for name in whole]
    table = _group_table(columns, draws, {key: len(at) for key, at in members.items()})
    apart = [disparities_of(draws, table, column, chosen) for column in labels]
    disparities = pd.concat(apart, ignore_index=True)
    words = {metric.name: metric.label for metric in chosen}
    told = warnings_of(table, disparities, (), words, "users")
    names = ["metric", "value", "low", "high", "n"]
    return BiasReport(model, pd.DataFrame(overall, columns=names), table, disparities, told)


def _numbers(column: Column, draws: np.ndarray) -> tuple[float, float, float, int]:
    """Return value, interval and n."""
    return (column.value, *column.interval(draws), column.n)


def _group_table(columns: Mapping[Key, Column], draws: Mapping, sizes: Mapping[tuple[str, str], int]) -> pd.DataFrame:
    """Return ``groups`` of the report; a metric that few users of a group have is not ``enough`` either."""
    lines = []
    for (column, group, metric), found in columns.items():
        if not column:
            continue
        value, low, high, n = _numbers(found, draws[column, group, metric])
        lines.append((column, group, metric, value, low, high, sizes[column, group], None, n >= MIN_ROWS))
    return pd.DataFrame(lines, columns=GROUPS)


def activity_groups(facts: ListFacts, users: Sequence[str] | pd.Index, table: pd.DataFrame | None = None) -> pd.Series:
    """Return each user's quartile of history length in words, by user id, as a column of groups."""
    index = pd.Index(users)
    labels = pd.Series(NOT_STATED, index=index, name=ACTIVITY, dtype=object)
    for words, inside in quartiles(activity_of(index, facts, table)):
        labels[inside] = words
    return labels
