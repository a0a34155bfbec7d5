"""Models' lists side by side for the same users: paired differences, a verdict in words, the users they part on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from dl_core.evaluate.compare import MOST_ROWS
from dl_core.evaluate.interactions.draws import bootstrap_columns, column_of, weights_for
from dl_core.evaluate.interactions.evaluate import NO_LISTS, list_standing
from dl_core.evaluate.interactions.facts import ListFacts
from dl_core.evaluate.interactions.formulas import ndcg
from dl_core.evaluate.interactions.lists import Lists, shared_lists
from dl_core.evaluate.interactions.metrics import ListMetric, get_list_metrics
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.pairs import PAIRS, Judged, check_chosen, many_note, pair_table, pick_by_kind, worth_sentence
from dl_core.evaluate.results import Comparison

APART = ["row", "a", "b", "overlap", "ndcg_a", "ndcg_b"]


def compare_lists(
    rankings: Rankings,
    chosen: Sequence[str],
    *,
    models: Mapping[str, Judged],
    facts: ListFacts,
    metrics: Sequence[str | ListMetric] | None = None,
    primary_metric: str | ListMetric | None = None,
    k: int = 10,
    costs: pd.DataFrame | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare the lists of ``chosen`` models pair by pair for the judged test users that all of them have.

    Differences are paired: every resample draws the same users for all models (`lists.draws`).

    Parameters
    ----------
    rankings : Rankings
        Test lists to judge, and validation lists by which the best model of each kind is picked.
    chosen : sequence of str
    models : mapping
        Label, kind and number of learned numbers of each.
    facts : ListFacts
    metrics, primary_metric
        Names or `ListMetric` objects; the sentence speaks of the primary one, by default the first.
    k : int
        Places that count.
    costs : pandas.DataFrame or None
    seed : int

    Returns
    -------
    Comparison
        ``disagreements`` has the columns ``row`` (user id), ``a``, ``b``, ``overlap`` (share of the first k places that
        hold the same items, in whatever order), ``ndcg_a`` and ``ndcg_b``, the least overlap first. Without any judged
        user its tables are empty and its sentence says so.

    Raises
    ------
    OptionError
        If fewer than two models are left, a name is unknown, or they share no judged user.
    """
    chosen = check_chosen(chosen, models, rankings.models)
    wanted = get_list_metrics(metrics, k)
    primary = get_list_metrics([primary_metric], k)[0] if primary_metric is not None else wanted[0]
    judged = get_list_metrics([*wanted, primary], k)
    paid = costs if costs is not None else pd.DataFrame()
    table = rankings.table
    if not ((table["relevant"] > 0) & (table["split"] == "test") & table["model"].isin(chosen)).any():
        return Comparison(pd.DataFrame(columns=PAIRS), NO_LISTS, pd.DataFrame(columns=APART), paid)
    lists = shared_lists(rankings, chosen, "test", facts)
    n = len(lists[chosen[0]])
    columns = {(m, one.name): column_of(one, lists[m], facts, k, seed) for m in chosen for one in judged}
    draws = bootstrap_columns(columns, weights_for(n, seed))
    pairs = pd.concat(
        [pair_table(one, {m: columns[m, one.name].value for m in chosen}, n, draws) for one in judged],
        ignore_index=True,
    )
    picked = best_lists_by_kind(rankings, chosen, models, primary, k, facts)
    return Comparison(
        pairs=pairs,
        sentence=worth_sentence(pairs, picked, models, primary, "test users"),
        disagreements=list_disagreements(lists, facts, k),
        costs=paid,
        note=many_note(pairs, primary),
    )


def best_lists_by_kind(
    rankings: Rankings,
    chosen: Sequence[str],
    models: Mapping[str, Judged],
    metric: str | ListMetric,
    k: int,
    facts: ListFacts | None = None,
) -> dict[str, str]:
    """Return the model of each kind whose validation lists are best.

    Unlike `choice.choose` for rows, no standard error makes room for simpler models: users differ far more than two
    models do for the same user, so the spread over users would call models alike that are not.
    """
    return pick_by_kind(
        chosen,
        models,
        lambda name: replace(
            list_standing(rankings, name, metric, k, facts=facts, size=models[name].parameters), error=0.0
        ),
    )


def overlap(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the share (n,) of places that hold items of both lists (n, k), whatever their order; −1 is no item."""
    same = (one[:, :, None] == two[:, None, :]) & (one >= 0)[:, :, None]
    places = np.maximum(np.maximum((one >= 0).sum(axis=1), (two >= 0).sum(axis=1)), 1)
    return same.any(axis=2).sum(axis=1) / places


def list_disagreements(lists: Mapping[str, Lists], facts: ListFacts, k: int) -> pd.DataFrame:
    """Return the users whose lists of two models have least in common, at most `MOST_ROWS` a pair."""
    tables = []
    for a, b in combinations(lists, 2):
        one, two = lists[a], lists[b]
        common = overlap(one.codes[:, :k], two.codes[:, :k])
        apart = np.argsort(common, kind="stable")[:MOST_ROWS]
        apart = apart[common[apart] < 1]
        columns = {
            "row": one.users[apart],
            "a": a,
            "b": b,
            "overlap": common[apart],
            "ndcg_a": ndcg(one.take(apart), facts, k),
            "ndcg_b": ndcg(two.take(apart), facts, k),
        }
        tables.append(pd.DataFrame(columns, index=range(len(apart)), columns=APART))
    return pd.concat(tables, ignore_index=True).sort_values("overlap", kind="stable", ignore_index=True)
