"""How good are the lists of each model: every metric with its interval and n on the test users, and slices of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.data.interactions.histories import Histories
from dl_core.evaluate.choice import RESAMPLES, Standing
from dl_core.evaluate.interactions.draws import Column, bootstrap_columns, column_of, columns_of, line_of, weights_for
from dl_core.evaluate.interactions.facts import ListFacts
from dl_core.evaluate.interactions.lists import Lists
from dl_core.evaluate.interactions.metrics import ListMetric, get_list_metrics
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.interactions.slices import (
    activity_of,
    band_sizes,
    held_by_band,
    places_of,
    popularity_columns,
    quartiles,
    slice_column,
)
from dl_core.evaluate.results import METRIC_COLUMNS, Evaluation

NO_LISTS = "None of these users has held-out items, so nothing can be said about how good the lists are."
Key = tuple  # what a column is of: ("k", metric, k), ("activity", metric, group) or ("popularity", band)


@dataclass(frozen=True)
class _Settings:
    """What the columns of every model are made with."""

    facts: ListFacts
    metrics: list[ListMetric]
    k: int
    seed: int
    users: pd.DataFrame | None
    held: Histories | None


def evaluate_lists(
    rankings: Rankings,
    protocol: str,
    *,
    facts: ListFacts,
    metrics: Sequence[str | ListMetric] | None = None,
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
    facts : ListFacts
        Of the training histories.
    metrics : sequence or None
        Names of `LIST_METRICS` or `ListMetric` objects; None for all that judge.
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
        (`draws`). Without any judged user the table is empty and ``note`` says so.

    Raises
    ------
    OptionError
        If a metric is unknown, k is under 1 or a model has no test lists.
    """
    made = _Settings(facts, get_list_metrics(metrics, k), k, seed, users, held)
    lists = {model: Lists.of(rankings, model, "test", facts) for model in rankings.models}
    lines, curves, ceiling, weights = [], {}, {}, {}
    for model, one in lists.items():
        columns = _columns(one, made)
        weights = weights if len(one) in weights else {len(one): weights_for(len(one), seed)}
        draws = bootstrap_columns(columns, weights[len(one)])
        found = {key: line_of(column, draws[key]) for key, column in columns.items()}
        curves[model] = _curves(found, columns, one, made)
        lines += [_row(model, metric.name, found["k", metric.name, k]) for metric in made.metrics if len(one)]
        ceiling = ceiling or _ceiling(one, made)
    judged = any(len(one) for one in lists.values())
    table = pd.DataFrame(lines, columns=list(METRIC_COLUMNS))
    return Evaluation(table, curves, protocol, (), ceiling, "" if judged else NO_LISTS)


def _columns(lists: Lists, made: _Settings) -> dict[Key, Column]:
    """Return every column of one model: metrics at each number of places, by activity, by popularity."""
    facts, k = made.facts, made.k
    columns: dict[Key, Column] = {}
    if not len(lists):
        return columns
    for place in places_of(lists.depth, k):
        found = columns_of(made.metrics, lists, facts, place, made.seed)
        columns |= {("k", name, place): column for name, column in found.items()}
    for group, inside in quartiles(activity_of(lists.users, facts, made.users)):
        for metric in made.metrics:
            if metric.comparable:
                columns["activity", metric.name, group] = slice_column(columns["k", metric.name, k], inside)
    if made.held is not None:
        sizes = held_by_band(made.held, lists.users, facts, lists.relevant)
        found = popularity_columns(lists, facts, k, sizes)
        columns |= {("popularity", name): column for name, column in found.items()}
    return columns


def _curves(found: Mapping[Key, dict], columns: Mapping[Key, Column], lists: Lists, made: _Settings) -> dict:
    """Return one model's slices as plain JSON."""
    bands = [key[1] for key in found if key[0] == "popularity"]
    items = band_sizes(bands, made.facts)
    sizes = {group: int(inside.sum()) for group, inside in quartiles(activity_of(lists.users, made.facts, made.users))}
    return {
        "k": made.k,
        "by_k": [{"metric": key[1], "k": key[2], **line} for key, line in found.items() if key[0] == "k"],
        "by_activity": [
            {"metric": key[1], "group": key[2], "users": sizes[key[2]], **line}
            for key, line in found.items()
            if key[0] == "activity"
        ],
        "by_popularity": [
            {"band": b, "items": items[b], **found["popularity", b], "held": int(columns["popularity", b].below.sum())}
            for b in bands
        ],
    }


def _row(model: str, metric: str, line: Mapping) -> tuple:
    """Return one line of the table of metrics."""
    return (
        model,
        metric,
        *(math.nan if line[key] is None else line[key] for key in ("value", "low", "high")),
        line["n"],
    )


def _ceiling(lists: Lists, made: _Settings) -> dict[str, float]:
    """Return what perfect lists would reach, where that is less than 1."""
    if not len(lists):
        return {}
    most = np.minimum(lists.relevant, made.k)
    best = {"precision": most / made.k, "recall": most / lists.relevant, "map_all": most / lists.relevant}
    names = [metric.name for metric in made.metrics if metric.name in best]
    return {name: float(best[name].mean()) for name in names if best[name].mean() < 1}


def list_standing(
    rankings: Rankings,
    model: str,
    metric: str | ListMetric = "ndcg",
    k: int = 10,
    seed: int = 0,
    *,
    split: str = "validation",
    facts: ListFacts | None = None,
    size: int = 0,
) -> Standing:
    """Return where a model stands on the lists of validation users, for `choice.choose`.

    ``value`` is turned so that higher is better; NaN where the model has no such lists, no user there has held-out
    items, or the metric needs ``facts`` that are not given. ``size`` is the number of learned numbers.
    """
    found = get_list_metrics([metric], k)[0]
    table = rankings.table
    if not ((table["model"] == model) & (table["split"] == split)).any():
        return Standing(float("nan"), size=size)
    lists = Lists.of(rankings, model, split, facts)
    column = column_of(found, lists, facts, k, seed)
    if math.isnan(column.value):
        return Standing(float("nan"), size=size)
    draws = bootstrap_columns({"": column}, weights_for(len(lists), seed, RESAMPLES))[""]
    return Standing(found.sign * column.value, float(np.nanstd(draws)), size)
