"""Models' lists side by side for the same users: paired differences, a verdict in words, the users they part on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.evaluate.choice import Standing
from dl_core.evaluate.interactions.evaluate import NO_LISTS, ranking_metrics, ranking_standing
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.interactions.formulas import ndcg
from dl_core.evaluate.interactions.ranked import RankedLists
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.judge import shared
from dl_core.evaluate.pairs import MOST_APART, Chosen, apart_by, compare_units
from dl_core.evaluate.results import Comparison

APART = ["row", "a", "b", "overlap", "ndcg_a", "ndcg_b"]


def compare_rankings(
    rankings: Rankings,
    chosen: Chosen,
    *,
    facts: InteractionFacts,
    k: int = 10,
) -> Comparison:
    """Compare the lists of models pair by pair for the judged test users that all of them have.

    Differences are paired: every resample draws the same users for all models (`judge`).

    Parameters
    ----------
    rankings : Rankings
        Test lists to judge, and validation lists by which the best model of each kind is picked.
    chosen : Chosen
    facts : InteractionFacts
    k : int
        Places that count.

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
    names, wanted = chosen.among(rankings.models), ranking_metrics(chosen.metrics, k)
    primary = wanted[0] if chosen.primary_metric is None else ranking_metrics([chosen.primary_metric], k)[0]
    table = rankings.table
    if not ((table["relevant"] > 0) & (table["split"] == "test") & table["model"].isin(names)).any():
        return chosen.nothing(NO_LISTS, APART)
    lists = {name: RankedLists.of(rankings, name, "test", facts) for name in names}
    lists = shared(lists, "evaluated test user")

    def stands(name: str) -> Standing:
        """Return where a model stands; no standard error makes room for simpler models.

        Users differ far more than two models do for the same user, so the spread over users would call models alike
        that are not.
        """
        size = chosen.models[name].parameters
        return replace(ranking_standing(rankings, name, primary, k, facts=facts, size=size), error=0.0)

    return compare_units(
        lists,
        ranking_metrics([*wanted, primary], k),
        primary,
        chosen,
        stands=stands,
        apart=ranking_disagreements(lists, k),
    )


def overlap(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the share (n,) of places that hold items of both lists (n, k), whatever their order; −1 is no item."""
    same = (one[:, :, None] == two[:, None, :]) & (one >= 0)[:, :, None]
    places = np.maximum(np.maximum((one >= 0).sum(axis=1), (two >= 0).sum(axis=1)), 1)
    return same.any(axis=2).sum(axis=1) / places


def ranking_disagreements(lists: Mapping[str, RankedLists], k: int) -> pd.DataFrame:
    """Return the users whose lists of two models have least in common, at most `MOST_APART` a pair."""

    def lines(one: RankedLists, two: RankedLists) -> dict[str, np.ndarray]:
        """Return the users with the least overlap of two lists, and how good each list is."""
        common = overlap(one.codes[:, :k], two.codes[:, :k])
        apart = np.argsort(common, kind="stable")[:MOST_APART]
        apart = apart[common[apart] < 1]
        return {
            "row": one.users[apart],
            "overlap": common[apart],
            "ndcg_a": ndcg(one.take(apart), None, k),
            "ndcg_b": ndcg(two.take(apart), None, k),
        }

    return apart_by("overlap", lists, lines, rising=True)[APART]
